"""An ensemble on the command line: trained, evaluated, used for predictions and plotted."""

import json
import re
from pathlib import Path

import pytest

from tests.support.command_line import fail, succeed


@pytest.mark.usefixtures("quick_training")
def test_an_ensemble_is_trained_evaluated_and_plotted(digit_pngs: Path) -> None:
    trained = succeed(
        *("train", "--dataset", "digits", "--recipe", "fast", "--arch", "simple"),
        *(
            "--limit",
            500,
            "--epochs",
            2,
            "--batch-size",
            32,
            "--ensemble",
            2,
            "--run-dir",
            "runs/two",
        ),
    )
    number = r"\d+\.\d+"
    assert [line for line in trained.stderr.splitlines() if not line.startswith("epoch")] == [
        f"model {member} of 2: training simple on digits (adam, seed {member - 1}, "
        "16 steps per epoch); saving to runs/two"
        for member in (1, 2)
    ]
    assert re.fullmatch(
        "run      runs/two\n"
        f"members  mean {number} %, standard deviation {number} %\n"
        f"         member-1  {number} %  seed 0, kept epoch 2 of 2\n"
        f"         member-2  {number} %  seed 1, kept epoch 2 of 2\n"
        f"test     {number} % accuracy, loss {number} \\(360 images\\)\n"
        f"trained  [\\d,]+ parameters on 500 images in {number} s\n",
        trained.stdout,
    ), trained.stdout

    evaluated = json.loads(succeed("evaluate", "--json").stdout)
    names = ["runs/two/member-1", "runs/two/member-2"]
    assert (evaluated["model"], len(evaluated["members"])) == ("runs/two", 2)
    assert [member["model"] for member in evaluated["members"]] == names
    averaged = json.loads(succeed("evaluate", *names, "--json").stdout)
    assert averaged == evaluated | {"model": " + ".join(names)}

    by_members = [word for name in names for word in ("--model", name)]
    first, second = (
        [json.loads(line) for line in succeed("predict", digit_pngs, "--json", *model).stdout.splitlines()]
        for model in ((), by_members)
    )  # fmt: skip
    assert [line["text"] for line in first] == [line["text"] for line in second]
    assert len(first) == 10

    kinds = ("confusion", "calibration", "samples", "mistakes", "occlusion")
    assert succeed("plot", "--count", 4).stdout.splitlines() == [
        f"runs/two/plots/{kind}.png" for kind in kinds
    ]
    code, lines = fail("plot", "--kind", "history")
    assert (code, lines[-1]) == (1, "hint: mnistcli plot runs/two/member-1 --kind history")
