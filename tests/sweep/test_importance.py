"""Importance of settings (fANOVA): one with an effect on the accuracy, one without, unused ones."""

import itertools

import pytest

from mnistcli.sweep.importance import compute_importances
from tests.support.sweep import make_result, make_trial

DROPOUTS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)
BATCH_SIZES = (16, 32, 48, 64)
VARY = ["batch_size=16..64", "dropout=0..0.5"]


def test_the_setting_with_an_effect_explains_the_variance() -> None:
    grid = itertools.product(DROPOUTS, BATCH_SIZES)
    trials = [
        make_trial(number, {"dropout": dropout, "batch_size": size}, [0.9 - dropout / 10])
        for number, (dropout, size) in enumerate(grid)
    ]

    shares = compute_importances(make_result(VARY, trials))

    assert list(shares) == ["dropout", "batch_size"]
    assert shares["dropout"] > 0.95
    assert shares["batch_size"] < 0.05
    assert sum(shares.values()) == pytest.approx(1)


def test_equal_accuracies_have_no_important_setting() -> None:
    trials = [make_trial(number, {"dropout": number / 10}, [0.9]) for number in range(3)]

    assert compute_importances(make_result(["dropout=0..0.5"], trials)) == {"dropout": 0.0}


def test_a_setting_that_some_complete_trials_do_not_use_is_not_compared() -> None:
    trials = [
        make_trial(0, {"optimizer": "adamw", "weight_decay": 0.1}, [0.9]),
        make_trial(1, {"optimizer": "adam"}, [0.8]),
        make_trial(2, {}, [0.1], "pruned"),
    ]

    shares = compute_importances(
        make_result(["optimizer=adam,adamw", "weight_decay=0.01..0.1"], trials)
    )

    assert shares == {"optimizer": pytest.approx(1)}
