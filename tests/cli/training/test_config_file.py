"""``train --config``: settings from a file, backward compatibility, and files that are refused."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from mnistcli import training
from mnistcli.config import TrainConfig
from tests.support.command_line import fail, invoke


def train_with(*options: object) -> TrainConfig:
    """Call ``train --config best.json``, and return the config that the training gets."""
    seen: list[TrainConfig] = []

    def stop(config: TrainConfig, *_: object, **__: object) -> None:
        seen.append(config)
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "train", stop)
        result = invoke("train", "--config", "best.json", *options, "--run-dir", "run")
    assert (result.exit_code, result.stderr) == (130, "interrupted\n")
    [config] = seen
    return config


def test_the_settings_of_a_file_are_used_unless_options_override_them() -> None:
    config = TrainConfig(
        arch="simple", dataset="digits", epochs=9, optimizer="rmsprop", batch_size=32
    )
    Path("best.json").write_text(json.dumps(config.as_dict()))

    assert train_with("--epochs", 1) == replace(config, epochs=1)


def test_a_file_of_an_older_version_has_the_former_name_of_a_setting() -> None:
    Path("best.json").write_text('{"arch": "simple", "dataset": "digits", "european": 0.01}')

    assert train_with() == TrainConfig(arch="simple", dataset="digits", rare_styles=0.01)


@pytest.mark.parametrize(
    ("content", "options", "code", "message"),
    [
        (None, (), 1, "no best.json in '.'"),
        ("{", (), 1, "damaged file 'best.json'"),
        ('{"droput": 1}', (), 1, "unknown setting 'droput'"),
        ('{"dropout": 1}', (), 1, "dropout must be at least 0 and below 1, not 1"),
        ("{}", ("--recipe", "deep"), 2, "--recipe cannot be combined with --config"),
        ("{}", ("--beta-1", 0.5, "--optimizer", "sgd"), 2, "--beta-1 has no effect"),
        ('{"arch": "net.py:build"}', (), 2, "name its file with --arch to execute it"),
    ],
)
def test_invalid_config_files_are_refused(
    content: str | None, options: tuple[object, ...], code: int, message: str
) -> None:
    if content is not None:
        Path("best.json").write_text(content)

    failed, lines = fail("train", "--config", "best.json", *options)

    assert failed == code
    assert message in lines[0]
