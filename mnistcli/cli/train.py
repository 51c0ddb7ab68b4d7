"""``mnistcli train``."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from mnistcli.cli.options import DataDirOption, DatasetOption, JsonOption
from mnistcli.cli.progress import DownloadProgress, TrainingProgress, working
from mnistcli.cli.tables import print_training
from mnistcli.config import ARCHITECTURES, DEVICES, LOSSES, OPTIMIZERS, SCHEDULES
from mnistcli.recipes import RECIPES, resolve
from mnistcli.runs import Run

_OVERRIDES = "Overrides of the recipe"


def _choice(choices: tuple[str, ...], explanation: str) -> typer.models.OptionInfo:
    option: typer.models.OptionInfo = typer.Option(
        metavar="NAME",
        help=f"{explanation}: {', '.join(choices)}.",
        autocompletion=lambda: list(choices),
        rich_help_panel=_OVERRIDES,
    )
    return option


def _value(metavar: str, explanation: str) -> typer.models.OptionInfo:
    option: typer.models.OptionInfo = typer.Option(
        metavar=metavar, help=explanation, rich_help_panel=_OVERRIDES
    )
    return option


def _switch(name: str, explanation: str) -> typer.models.OptionInfo:
    option: typer.models.OptionInfo = typer.Option(
        f"--{name}/--no-{name}", help=explanation, rich_help_panel=_OVERRIDES
    )
    return option


def train(
    recipe: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help=f"A complete set of settings: {', '.join(RECIPES)}. Left out: classic, or tune "
            "with --from.",
            autocompletion=lambda: list(RECIPES),
        ),
    ] = None,
    start: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="MODEL",
            help="Train the last layers of this model further instead of a fresh network.",
        ),
    ] = None,
    dataset: DatasetOption = None,
    data_dir: DataDirOption = None,
    arch: Annotated[str | None, _choice(ARCHITECTURES, "The network")] = None,
    optimizer: Annotated[str | None, _choice(OPTIMIZERS, "How weights are updated")] = None,
    learning_rate: Annotated[
        float | None, _value("X", "Step size; the largest of a one-cycle schedule.")
    ] = None,
    schedule: Annotated[
        str | None, _choice(SCHEDULES, "How the rate goes from step to step")
    ] = None,
    weight_decay: Annotated[float | None, _value("X", "How fast AdamW shrinks weights.")] = None,
    loss: Annotated[
        str | None, _choice(LOSSES, "Cross-entropy of one-hot or integer labels")
    ] = None,
    label_smoothing: Annotated[
        float | None, _value("X", "Share of each one-hot label spread over all digits.")
    ] = None,
    epochs: Annotated[int | None, _value("N", "Passes over the training images, at most.")] = None,
    batch_size: Annotated[int | None, _value("N", "Images per step.")] = None,
    dropout: Annotated[
        float | None, _value("X", "Share of units dropped before the classifying layers.")
    ] = None,
    validation_split: Annotated[
        float | None, _value("X", "Share of the training images held out for validation.")
    ] = None,
    augment: Annotated[
        bool | None,
        _switch("augment", "Turn, slant, scale and shift training images a little, at random."),
    ] = None,
    distort: Annotated[
        bool | None,
        _switch("distort", "Blur, thin, scratch and otherwise spoil training images, at random."),
    ] = None,
    non_digits: Annotated[
        float | None, _value("X", "Pictures of no digit to add, as a share of the images.")
    ] = None,
    european: Annotated[
        float | None, _value("X", "Drawn European 1s, 4s and 7s to add, as a share likewise.")
    ] = None,
    early_stopping: Annotated[
        int | None, _value("N", "Stop after N epochs without a better validation loss; 0: never.")
    ] = None,
    reduce_lr: Annotated[
        int | None,
        _value("N", "Halve the rate after N epochs without a better validation loss; 0: never."),
    ] = None,
    limit: Annotated[int | None, _value("N", "Use only N of the training images.")] = None,
    ensemble: Annotated[
        int | None, _value("N", "Train N networks with successive seeds and average their answers.")
    ] = None,
    seed: Annotated[int | None, _value("N", "Same seed, same machine: same weights.")] = None,
    device: Annotated[
        str | None, _choice(DEVICES, "Where to compute, auto being a GPU where there is one")
    ] = None,
    run_dir: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Where the run goes. Left out: a new one under runs/."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Train a network and keep the best one by validation.

    Writes a run directory: settings, history, checkpoints, figures.
    """
    config = resolve(
        recipe,
        start=start,
        dataset=dataset,
        arch=arch,
        optimizer=optimizer,
        learning_rate=learning_rate,
        schedule=schedule,
        weight_decay=weight_decay,
        loss=loss,
        label_smoothing=label_smoothing,
        epochs=epochs,
        batch_size=batch_size,
        dropout=dropout,
        validation_split=validation_split,
        augment=augment,
        distort=distort,
        non_digits=non_digits,
        european=european,
        early_stopping=early_stopping,
        reduce_lr=reduce_lr,
        limit=limit,
        ensemble=ensemble,
        seed=seed,
        device=device,
    )
    with working("Starting TensorFlow"):
        from mnistcli.device import start_quietly

        start_quietly()
        from mnistcli import datasets
        from mnistcli.training import ensembles
    data = datasets.load(config.dataset, data_dir=data_dir, listener=DownloadProgress())
    config = replace(config, dataset=data.name)
    run = Run.create(config, run_dir)
    with TrainingProgress(run) as progress:
        result = ensembles.train(config, data, run, listener=progress)
    print_training(result, as_json=as_json)
