"""Importance of the settings of a sweep: functional ANOVA of Optuna."""

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from mnistcli.config import SETTINGS
from mnistcli.config_fields import value_type
from mnistcli.sweep.search_space import Variation
from mnistcli.sweep.sweep import SweepResult


def importances(result: SweepResult) -> dict[str, float]:
    """Return the share of the variance in accuracy that each setting explains, the largest first.

    Only settings that all complete trials use are compared. The shares add up to 1; all are 0 if
    the accuracies are equal.
    """
    study = optuna.create_study(direction="maximize")
    complete = [trial for trial in result.trials if trial.value is not None]
    names = [
        one for one in result.plan.space.variations if all(one.name in t.params for t in complete)
    ]
    for trial in complete:
        study.add_trial(
            optuna.trial.create_trial(
                value=trial.value,
                params={one.name: trial.params[one.name] for one in names},
                distributions={one.name: _distribution(one) for one in names},
            )
        )
    if len({trial.value for trial in complete}) < 2:
        return {one.name: 0.0 for one in names}
    evaluator = optuna.importance.FanovaImportanceEvaluator(seed=0)
    return dict(optuna.importance.get_param_importances(study, evaluator=evaluator))


def _distribution(variation: Variation) -> BaseDistribution:
    if variation.choices:
        return CategoricalDistribution(variation.choices)
    if value_type(SETTINGS[variation.name]) is int:
        return IntDistribution(int(variation.low), int(variation.high), log=variation.log)
    return FloatDistribution(variation.low, variation.high, log=variation.log)
