"""Search space: parsing of ``--vary``, its bounds, and the configs of trials."""

from collections.abc import Sequence
from typing import Any

import pytest

from mnistcli.errors import ConfigError
from mnistcli.sweep.search_space import SearchSpace, Variation, parse_variation


class _First:
    """Chooses the first choice and the lower end."""

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        return choices[0]

    def suggest_int(self, name: str, low: int, high: int, *, log: bool = False) -> int:
        return low

    def suggest_float(self, name: str, low: float, high: float, *, log: bool = False) -> float:
        return low


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("dropout=0..0.5", Variation("dropout", low=0.0, high=0.5)),
        ("lr=1e-4..1e-2:log", Variation("learning_rate", low=1e-4, high=1e-2, log=True)),
        ("batch-size=16..64", Variation("batch_size", low=16, high=64)),
        ("optimizer=adam, SGD", Variation("optimizer", ("adam", "sgd"))),
        ("augment=true,off", Variation("augment", (True, False))),
        ("epochs=1,2,2", Variation("epochs", (1, 2))),
    ],
)
def test_variations_are_parsed(text: str, expected: Variation) -> None:
    assert parse_variation(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("dropuot=0..1", "unknown setting 'dropuot'; did you mean 'dropout'"),
        ("dropout", "--vary must be a range or choices"),
        ("dropout=0.5..0.1", "is an empty range"),
        ("dropout=0.5..0.5", "is an empty range"),
        ("dropout=0..1", "--vary dropout: --dropout must be at least 0 and below 1"),
        ("dropout=0..0.5:log", "a logarithmic range must be above 0"),
        ("dropout=0.1", "has only one value"),
        ("learning_rate=1..nan", "must be a finite number"),
        ("epochs=1.5..2", "--vary epochs must be a whole number"),
        ("optimizer=adam,sdg", "did you mean 'sgd'"),
        ("augment=1,2", "must be true or false"),
        ("seed=0..9", "seed cannot vary"),
        ("validation-split=0.1,0.2", "validation_split cannot vary"),
    ],
)
def test_invalid_variations_are_refused(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse_variation(text)


@pytest.mark.parametrize(
    ("settings", "texts", "message"),
    [
        ({}, [], "no setting to vary"),
        ({}, ["dropout=0,0.1", "dropout=0,0.2"], "--vary dropout is given twice"),
        ({"dropout": 0.1}, ["dropout=0,0.2"], "--dropout cannot be combined with --vary dropout"),
        ({"validation_split": 0.0}, ["dropout=0,0.2"], "a sweep requires validation images"),
        ({"ensemble": 2}, ["dropout=0,0.2"], "not an ensemble"),
        ({}, ["weight_decay=0..0.1"], "--weight-decay has no effect with --optimizer adam"),
        ({"loss": "sparse"}, ["label_smoothing=0..0.1"], "--label-smoothing requires --loss"),
        ({}, ["loss=sparse,categorical", "label_smoothing=0..0.1"], "requires --loss categorical"),
    ],
)
def test_spaces_that_cannot_be_searched(
    settings: dict[str, object], texts: list[str], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        SearchSpace.parse(None, settings, texts)


def test_a_setting_that_the_optimizer_does_not_use_is_omitted() -> None:
    for optimizers, expected in (
        ("sgd,adamw", {"optimizer": "sgd"}),
        ("adamw,sgd", {"optimizer": "adamw", "weight_decay": 0.01}),
    ):
        texts = ["weight_decay=0.01..0.1", f"optimizer={optimizers}"]
        space = SearchSpace.parse("classic", {"epochs": 3}, texts)

        params = space.suggest(_First())

        assert params == expected
        config = space.config(params)
        assert config.epochs == 3
        assert config.learning_rate == {"sgd": 0.1, "adamw": 0.001}[config.optimizer]
