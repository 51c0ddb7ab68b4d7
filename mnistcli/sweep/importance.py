"""Hyperparameter importance in a sweep: functional ANOVA (fANOVA) of Optuna."""

from collections.abc import Sequence
from typing import Any

import optuna
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from mnistcli.sweep.sweep import SweepResult


def compute_importances(result: SweepResult) -> dict[str, float]:
    """Return the share of the variance in accuracy that each setting explains, the largest first.

    Only settings that all complete trials use are compared. The shares add up to 1; all are 0 if
    the accuracies are equal.
    """
    study = optuna.create_study(direction="maximize")
    complete = [trial for trial in result.trials if trial.value is not None]
    names = [
        variation
        for variation in result.plan.space.variations
        if all(variation.name in t.params for t in complete)
    ]
    for trial in complete:
        study.add_trial(
            optuna.trial.create_trial(
                value=trial.value,
                params={variation.name: trial.params[variation.name] for variation in names},
                distributions={
                    variation.name: variation.suggest(_Distributions()) for variation in names
                },
            )
        )
    if len({trial.value for trial in complete}) < 2:
        return {variation.name: 0.0 for variation in names}
    evaluator = optuna.importance.FanovaImportanceEvaluator(seed=0)
    return dict(optuna.importance.get_param_importances(study, evaluator=evaluator))


class _Distributions:
    """Returns the distribution of a setting where a trial would choose a value."""

    def suggest_categorical(self, _: str, choices: Sequence[Any]) -> CategoricalDistribution:
        return CategoricalDistribution(choices)

    def suggest_int(self, _: str, low: int, high: int, *, log: bool = False) -> IntDistribution:
        return IntDistribution(low, high, log=log)

    def suggest_float(
        self, _: str, low: float, high: float, *, log: bool = False
    ) -> FloatDistribution:
        return FloatDistribution(low, high, log=log)
