"""Options that are mutually exclusive."""

import pytest

from mnistcli.cli.option_conflicts import forbid_together
from mnistcli.errors import ConfigError


@pytest.mark.parametrize("value", [0, "", True])
def test_an_option_that_is_given_is_refused(value: object) -> None:
    with pytest.raises(ConfigError, match="--seeds cannot be combined with --seed"):
        forbid_together("--seeds", {"--resume": None, "--seed": value})


def test_none_and_false_stand_for_options_that_are_not_given() -> None:
    forbid_together("--seeds", {"--resume": None, "--tensorboard": False})
