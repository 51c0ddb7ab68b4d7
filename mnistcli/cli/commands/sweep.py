"""The `sweep` command: hyperparameter search for the best settings on validation images."""

from pathlib import Path
from typing import Annotated

import typer

from mnistcli.cli.option_conflicts import forbid_all_gpus
from mnistcli.cli.options import (
    DataDirOption,
    JsonOption,
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
def sweep(
    vary: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=...",
            help="Setting to vary: learning_rate=1e-4..1e-2:log (a range, on a logarithmic scale), "
            "dropout=0..0.5 or optimizer=adam,sgd. Repeatable, at least one.",
        ),
    ] = None,
    trials: Annotated[
        int,
        typer.Option(
            min=1,
            metavar="N",
            show_default=False,
            help="Total number of trials of the study, across all processes. Default: 50.",
        ),
    ] = 50,
    hours: Annotated[
        float | None,
        typer.Option(metavar="X", help="Start no trial after X hours. Default: no limit."),
    ] = None,
    run_dir: Annotated[
        Path | None,
        typer.Option(
            "--run-dir",
            "-o",
            metavar="DIR",
            help="Directory of the sweep. Give the directory of a stopped sweep to continue it. "
            "Default: runs/<time>_<recipe>_sweep/.",
        ),
    ] = None,
    storage: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="PostgreSQL database that several processes and machines share: "
            "postgresql+psycopg://USER@HOST/DATABASE. Default: a file in the directory.",
        ),
    ] = None,
    study: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Name of the study in the database; processes given the same name share its "
            "trials. Default: the name of the directory.",
        ),
    ] = None,
    confirm: Annotated[
        int,
        typer.Option(
            min=0,
            max=1000,
            metavar="N",
            show_default=False,
            help="After the sweep, train the best settings with N other seeds. Default: 0.",
        ),
    ] = 0,
    recipe: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help=f"Recipe of the settings that do not vary: {', '.join(RECIPES)}. Default: "
            "classic; with --from, tune.",
            autocompletion=lambda: list(RECIPES),
        ),
    ] = None,
    base_model: Annotated[str | None, setting_option(SETTINGS["base_model"], panel=None)] = None,
    dataset: TrainingDatasetOption = None,
    data_dir: DataDirOption = None,
    cluster: Annotated[str | None, cluster_option("Run the trials on a Dask cluster")] = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
    **settings: object,
) -> None:
    """Search for the best settings on validation images.

    The search does not use the test images; --confirm evaluates its models on them afterwards.
    Unpromising trials are pruned. Writes best.json for 'train --config' and figures. Requires
    the sweep extra. The defaults of the settings are those of the recipe classic.
    """
    from mnistcli.cli.cluster import parse_cluster
    from mnistcli.cli.dataset_loading import load_splits
    from mnistcli.cli.sweep.sweep_options import check_options, create_directory
    from mnistcli.cli.sweep.sweep_output import confirm_best, print_sweep, save_figures
    from mnistcli.cli.sweep.sweep_table import SweepTable
    from mnistcli.sweep.search_space import SearchSpace

    set_verbosity(quiet=quiet, verbose=verbose)
    given = settings | {"base_model": base_model, "dataset": dataset}
    space = SearchSpace.parse(recipe, given, vary or [])
    check_options(storage, study, hours)
    require_packages("optuna", extra="sweep", needed_by="sweep")
    address = parse_cluster(cluster, {})
    forbid_all_gpus(space.base, "--cluster", several=address is not None)
    with show_spinner("Starting"):
        from mnistcli.sweep.storage import Storage, require_storage

        require_storage(storage)
    with show_spinner("Starting TensorFlow"):
        from mnistcli.system.keras_startup import start_quietly

        start_quietly(verbose=verbose)
        from mnistcli.sweep.study import SweepPlan
        from mnistcli.sweep.sweep import run_sweep
    splits = load_splits(space.base.dataset, data_dir)
    space = space.with_absolute_names(splits.name)
    with create_directory(space.base, run_dir) as directory:
        plan = SweepPlan(
            Storage(directory, storage), study or directory.resolve().name, space, trials, hours
        )
        with SweepTable(plan, as_json=as_json) as table:
            result = run_sweep(
                plan, splits, address=address, data_dir=data_dir, on_change=table.update
            )
        figures = save_figures(result)
        seeds = confirm_best(result, splits, confirm, address, data_dir) if confirm else None
    print_sweep(result, figures, seeds, as_json=as_json)
