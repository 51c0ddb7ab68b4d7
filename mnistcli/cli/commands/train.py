"""The `train` command: train a model and evaluate its kept epoch."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from mnistcli.cli.interface_notes import store_interface
from mnistcli.cli.option_conflicts import forbid_all_gpus
from mnistcli.cli.options import (
    DataDirOption,
    JsonOption,
    PixelScaleOption,
    QuietOption,
    TrainingDatasetOption,
    VerboseOption,
    cluster_option,
)
from mnistcli.cli.setting_options import setting_option, with_setting_options
from mnistcli.cli.spinner import show_spinner
from mnistcli.cli.streams import set_verbosity
from mnistcli.config import SETTINGS
from mnistcli.extras import require_packages
from mnistcli.recipes import RECIPES


@with_setting_options
def train(
    recipe: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help=f"Recipe, a complete set of settings: {', '.join(RECIPES)}. 'mnistcli recipes' "
            "describes them. Default: classic; with --from, tune.",
            autocompletion=lambda: list(RECIPES),
        ),
    ] = None,
    base_model: Annotated[str | None, setting_option(SETTINGS["base_model"], panel=None)] = None,
    dataset: TrainingDatasetOption = None,
    data_dir: DataDirOption = None,
    pixel_scale: PixelScaleOption = None,
    run_dir: Annotated[
        Path | None,
        typer.Option(
            "--run-dir",
            "-o",
            metavar="DIR",
            help="Run directory; with --seeds, the directory of the runs. Default: "
            "runs/<time>_<recipe>_seed<n>/.",
        ),
    ] = None,
    seeds: Annotated[
        str | None,
        typer.Option(
            metavar="A..B",
            help="Train once per seed, such as 0..9 or 1,2,5, each in its own run directory. With "
            "the --run-dir of an earlier call, only the missing seeds are trained. Default: "
            "one run.",
        ),
    ] = None,
    config_file: Annotated[
        Path | None,
        typer.Option(
            "--config",
            metavar="FILE",
            help="Settings in a JSON file, such as best.json of a sweep or config.json of a run. "
            "Other options override them. Default: the settings of the recipe.",
        ),
    ] = None,
    resume: Annotated[
        Path | None,
        typer.Option(
            metavar="RUN",
            help="Continue a stopped run from its last completed epoch, with its own settings; "
            "only --epochs may be raised. Default: a new run.",
        ),
    ] = None,
    tensorboard: Annotated[
        bool,
        typer.Option(
            "--tensorboard",
            help="Also write a log for TensorBoard into tensorboard/ of the run: metrics, learning "
            "rate, confusion matrix and worst mistakes. Requires the tensorboard extra.",
        ),
    ] = False,
    cluster: Annotated[
        str | None, cluster_option("With --seeds or --ensemble, train on a Dask cluster")
    ] = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
    **settings: object,
) -> None:
    """Train a model and keep the epoch with the lowest validation loss.

    One-cycle recipes keep the last epoch. Writes a run directory with settings, history, models and
    metrics. Defaults of settings are those of the recipe classic; other recipes have others.
    """
    from mnistcli.cli.cluster import parse_cluster
    from mnistcli.cli.dataset_loading import load_splits
    from mnistcli.cli.option_conflicts import forbid_together, require_several_models
    from mnistcli.cli.seeds.seed_training import parse_seeds, train_with_seeds
    from mnistcli.cli.training.config_file import resolve_with_file
    from mnistcli.cli.training.resuming import find_resumable_run, resumed_config
    from mnistcli.cli.training.training_run import train_run
    from mnistcli.model_lookup import find_model
    from mnistcli.runs.run import Run

    set_verbosity(quiet=quiet, verbose=verbose)
    if tensorboard:
        require_packages("tensorboard", extra="tensorboard", needed_by="--tensorboard")
    chosen_seeds = None if seeds is None else parse_seeds(seeds)
    address = parse_cluster(cluster, {"--tensorboard": tensorboard})
    if seeds is not None:
        others = {"--resume": resume, "--tensorboard": tensorboard}
        of_run = {"--seed": settings["seed"], "--ensemble": settings["ensemble"]}
        forbid_together("--seeds", others | of_run)
    settings |= {"base_model": base_model, "dataset": dataset}
    run = None if resume is None else find_resumable_run(resume)
    if run is None:
        config = resolve_with_file(config_file, recipe, settings)
    else:
        with_run = settings | {"recipe": recipe, "run_dir": run_dir, "config": config_file}
        config = resumed_config(run, with_run)
    require_several_models(address, seeds, config)
    forbid_all_gpus(config, "--cluster", several=address is not None)
    with show_spinner("Starting TensorFlow"):
        from mnistcli.system.keras_startup import start_quietly

        start_quietly(verbose=verbose)
        import mnistcli.training  # noqa: F401 - loads Keras while the spinner is shown
    if config.base_model is not None:
        store_interface(find_model(config.base_model), pixel_scale)
    splits = load_splits(config.dataset, data_dir)
    if chosen_seeds is not None:
        train_with_seeds(
            config,
            splits,
            chosen_seeds,
            run_dir,
            as_json=as_json,
            address=address,
            data_dir=data_dir,
        )
        return
    if run is None:
        config = replace(config, dataset=splits.name)
        run = Run.create(config, run_dir)
    train_run(
        config,
        splits,
        run,
        resume=resume is not None,
        address=address,
        data_dir=data_dir,
        tensorboard=tensorboard,
        as_json=as_json,
    )
