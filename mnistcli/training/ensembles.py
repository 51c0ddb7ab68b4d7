"""Training one network, or several that answer together."""

from dataclasses import dataclass, replace
from typing import Any

from mnistcli.config import SEEDS, TrainConfig
from mnistcli.datasets import Splits
from mnistcli.evaluation import Evaluation, combined
from mnistcli.runs import Run
from mnistcli.training import loop
from mnistcli.training.loop import Listener, TrainResult


@dataclass(frozen=True)
class EnsembleResult:
    """A finished training of several networks.

    Attributes:
        run: Its directory, which holds that of each member.
        config: What was trained.
        members: The training of each member, with successive seeds; none is left out.
        test: The ensemble, and each member, on the test images.
    """

    run: Run
    config: TrainConfig
    members: tuple[TrainResult, ...]
    test: Evaluation

    @property
    def seconds(self) -> float:
        """Wall time of all trainings, one after the other."""
        return sum(member.seconds for member in self.members)

    def as_dict(self) -> dict[str, Any]:
        """Return the figures as plain values, ready for JSON."""
        mean, deviation = self.test.member_accuracy
        return {
            "run": str(self.run.path),
            "recipe": self.config.recipe,
            "dataset": self.config.dataset,
            "seed": self.config.seed,
            "seconds": round(self.seconds, 3),
            "parameters": sum(member.parameters for member in self.members),
            # Members that do not agree make the mean less sure than each of them.
            "min_confidence": min(member.min_confidence for member in self.members),
            "members": [member.as_dict() for member in self.members],
            "member_test_accuracy_mean": mean,
            "member_test_accuracy_sd": deviation,
            **{f"test_{name}": value for name, value in self.test.summary.items()},
        }


def train(
    config: TrainConfig, data: Splits, run: Run, *, listener: Listener | None = None
) -> TrainResult | EnsembleResult:
    """Train as many networks as the config asks for.

    Args:
        config: What to train.
        data: As `training.train` takes it.
        run: Where everything goes; made with `Run.create`. Each member has a run of its own in it.
        listener: Hears how each training goes.

    Raises:
        MnistCliError: As `training.train` raises them.
    """
    if config.ensemble == 1:
        return loop.train(config, data, run, listener=listener)
    members = []
    for number in range(config.ensemble):
        own = replace(config, ensemble=1, seed=(config.seed + number) % SEEDS)
        members.append(loop.train(own, data, run.create_member(number + 1, own), listener=listener))
    result = EnsembleResult(
        run=run,
        config=config,
        members=tuple(members),
        test=combined(tuple(member.test for member in members)),
    )
    with run.writing():
        run.write_metrics(result.as_dict())
    return result
