"""Optimizers and learning-rate schedules."""

import keras
import pytest

from mnistcli.config import OPTIMIZERS, TrainConfig
from mnistcli.training.optimizers import build_optimizer, build_schedule


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_of_the_registry_can_be_built(name: str) -> None:
    optimizer = build_optimizer(TrainConfig(optimizer=name, learning_rate=0.25), 10)

    assert type(optimizer).__name__.lower() == name
    assert float(optimizer.learning_rate) == 0.25


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_lowers_a_loss(name: str) -> None:
    weights = keras.Variable([3.0, -2.0])
    optimizer = build_optimizer(TrainConfig(optimizer=name, learning_rate=0.05), 10)
    optimizer.build([weights])

    for _ in range(60):
        optimizer.apply([2 * weights.value])  # the gradient of the sum of squares

    assert float(abs(weights.numpy()).max()) < 1


def test_adamw_has_its_settings() -> None:
    config = TrainConfig(optimizer="adamw", beta_1=0.5, beta_2=0.75, weight_decay=0.125)

    optimizer = build_optimizer(config, 10)

    assert (optimizer.beta_1, optimizer.beta_2, optimizer.weight_decay) == (0.5, 0.75, 0.125)


def test_a_constant_schedule_is_a_number() -> None:
    assert build_schedule(TrainConfig(learning_rate=0.5), 10) == 0.5


def test_one_cycle_rises_for_a_quarter_of_the_steps_and_falls_to_0() -> None:
    config = TrainConfig(schedule="one-cycle", learning_rate=1.0, epochs=4)

    schedule = build_schedule(config, 10)

    assert isinstance(schedule, keras.optimizers.schedules.LearningRateSchedule)
    rates = [float(schedule(step)) for step in range(41)]
    assert rates[0] == pytest.approx(0.1)
    assert rates.index(max(rates)) == 10
    assert max(rates) == pytest.approx(1)
    assert rates[25] == pytest.approx(0.5)
    assert rates[40] == pytest.approx(0, abs=1e-6)
