"""Ensembles: the configs of the members, and their combined result.

The members differ in their seeds only (deep ensembles, Lakshminarayanan et al., 2017).
`mnistcli.inference.ensemble` averages the probabilities.
"""

from collections.abc import Sequence
from dataclasses import replace

from mnistcli.config import SEED_LIMIT, TrainConfig
from mnistcli.evaluation import evaluate_ensemble
from mnistcli.runs.run import Run
from mnistcli.training.results import EnsembleResult, TrainResult


def member_configs(config: TrainConfig) -> list[TrainConfig]:
    """Return the config of each member: the same settings with successive seeds."""
    return [
        replace(config, ensemble=1, seed=(config.seed + number) % SEED_LIMIT)
        for number in range(config.ensemble)
    ]


def combine_members(
    config: TrainConfig, run: Run, members: Sequence[TrainResult]
) -> EnsembleResult:
    """Return the result of an ensemble, with the metrics of the averaged probabilities.

    Args:
        config: The config of the ensemble.
        run: Its run directory.
        members: The results of all members.
    """
    return EnsembleResult(
        run=run,
        config=config,
        members=tuple(members),
        test=evaluate_ensemble([member.test for member in members]),
    )
