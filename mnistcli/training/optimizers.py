"""Optimizer and learning-rate schedule of training.

Only AdamW has weight decay. Names and default learning rates are in `mnistcli.config.OPTIMIZERS`.
"""

from typing import Any

import keras

from mnistcli.config import TrainConfig


def build_optimizer(config: TrainConfig, steps_per_epoch: int) -> keras.optimizers.Optimizer:
    """Return the optimizer with its learning-rate schedule; SGD and RMSprop have no momentum.

    Args:
        config: The config.
        steps_per_epoch: Training steps per epoch.
    """
    options: dict[str, Any] = {"learning_rate": build_schedule(config, steps_per_epoch)}
    if config.optimizer in {"adam", "adamw"}:
        options |= {"beta_1": config.beta_1, "beta_2": config.beta_2}
    if config.optimizer == "adamw":
        options["weight_decay"] = config.weight_decay
    return keras.optimizers.get({"class_name": config.optimizer, "config": options})


def build_schedule(
    config: TrainConfig, steps_per_epoch: int
) -> "float | keras.optimizers.schedules.LearningRateSchedule":
    """Return the learning-rate schedule: a constant, or one cycle over all steps.

    One cycle (1cycle policy): a linear warm-up from a tenth of the peak during a quarter of the
    steps, then cosine decay (annealing) to 0, after "Super-convergence" (Smith and Topin, 2017).

    Args:
        config: The config.
        steps_per_epoch: Training steps per epoch.

    Returns:
        A float if the learning rate is constant, else a schedule.
    """
    if config.schedule == "constant":
        return config.learning_rate
    total = config.epochs * steps_per_epoch
    warmup = total // 4
    return keras.optimizers.schedules.CosineDecay(
        config.learning_rate / 10,
        total - warmup,
        warmup_target=config.learning_rate,
        warmup_steps=warmup,
    )
