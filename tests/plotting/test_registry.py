"""Plot registry: which kinds a model can have, and the files that are drawn."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers
from matplotlib.figure import Figure
from PIL import Image

from mnistcli import datasets, evaluation
from mnistcli.architectures import INPUT_NAME
from mnistcli.datasets import Dataset, Splits
from mnistcli.errors import DataError, MnistCliError, ModelError, OutputError, PlotError
from mnistcli.model_lookup import ModelRef, find_model
from mnistcli.plotting import registry, style
from mnistcli.plotting.registry import PLOT_KINDS, save_plots
from tests.plotting.builders import footer, make_probabilities, random_dataset
from tests.support.figures import draw_nothing

OUTPUT = Path("plots")
DATASET = random_dataset(np.arange(20) % 10)
WITHOUT_AUGMENTATION = [kind for kind in PLOT_KINDS if kind != "augmentation"]


@pytest.fixture
def footers(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Record the footer of each figure that is saved, by the name of the plot."""
    recorded: dict[str, str] = {}
    save = style.save_figure

    def record(figure: Figure, path: Path, *, hint: str | None = None) -> Path:
        recorded[path.stem] = footer(figure)
        return save(figure, path, hint=hint)

    monkeypatch.setattr(style, "save_figure", record)
    return recorded


def draw(
    model: ModelRef,
    kinds: list[str] | None = None,
    dataset: Dataset = DATASET,
    splits: Splits | None = None,
) -> list[Path]:
    return save_plots(model, "mine", dataset, OUTPUT, kinds=kinds, count=4, splits=splits)


def save_dense_model(name: str) -> Path:
    dense = keras.Sequential(
        [
            keras.Input((28, 28, 1), name=INPUT_NAME),
            layers.Flatten(),
            layers.Dense(10, "softmax"),
        ]
    )
    dense.save(name)
    return Path(name)


def error_of(model: ModelRef, kind: str) -> MnistCliError:
    with pytest.raises(MnistCliError) as caught:
        draw(model, [kind])
    assert not list(OUTPUT.glob("*"))
    return caught.value


def test_a_run_without_augmentation_has_all_other_plots(
    trained_run: Path, footers: dict[str, str]
) -> None:
    files = draw(find_model(trained_run))

    assert files == [OUTPUT / f"{kind}.png" for kind in WITHOUT_AUGMENTATION]
    for file in files:
        with Image.open(file) as figure:
            assert figure.width > 500
    model = footers["confusion"].split(", ")[0]
    assert model.startswith("model: /")
    assert model.endswith("/trained")
    assert {kind: text.removeprefix(f"{model}, dataset: ") for kind, text in footers.items()} == {
        "history": f"digits, {_count_training_images(trained_run):,} training images",
        "samples": "mine, 4 of 20 images",
        "filters": "mine, 1 image",
        "activations": "mine, 1 image",
        **dict.fromkeys(
            ["confusion", "calibration", "mistakes", "occlusion", "embedding"], "mine, 20 images"
        ),
    }


def test_a_run_with_augmentation_shows_its_own_training_images(
    trained_run: Path, footers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(trained_run, "run")
    config = json.loads(Path("run/config.json").read_text())
    Path("run/config.json").write_text(json.dumps({**config, "augment": True, "limit": 100}))
    model, splits = find_model("run"), datasets.load("digits")

    draw(model, ["augmentation"], splits=splits)

    assert footers["augmentation"] == "model: run, dataset: digits, 90 training images"
    draw_nothing(monkeypatch)
    assert OUTPUT / "augmentation.png" in draw(model, splits=splits)
    assert OUTPUT / "augmentation.png" not in draw(model, splits=replace(splits, name="other"))
    OUTPUT.rename("others")
    error = error_of(model, "augmentation")
    assert error.message == "no augmentation: 'mine' is not the dataset of the run"
    assert error.hint == "--dataset digits"


def test_a_run_without_augmentation_has_no_plot_of_it(trained_run: Path) -> None:
    error = error_of(find_model(trained_run), "augmentation")

    assert isinstance(error, PlotError)
    assert error.message == (
        "no augmentation: the run used no augmentation, distortions or synthetic images"
    )
    assert error.hint == "--kind confusion"


def test_files_of_each_format_are_reproducible(trained_run: Path) -> None:
    for folder in ("a", "b"):
        for file_format in ("svg", "pdf"):
            save_plots(
                find_model(trained_run),
                "mine",
                DATASET,
                Path(folder),
                kinds=["history"],
                file_format=file_format,
            )

    for name, start in (("history.svg", b"<?xml"), ("history.pdf", b"%PDF")):
        content = Path("a", name).read_bytes()
        assert content.startswith(start)
        assert content == Path("b", name).read_bytes()


def _count_training_images(run: Path) -> int:
    model = find_model(run)
    assert model.run is not None
    count = model.run.read_metrics()["training_images"]
    assert isinstance(count, int)
    return count


def test_only_the_kinds_that_are_asked_for_are_drawn_once_each(trained_run: Path) -> None:
    kinds = ["samples", "history", "samples"]

    assert draw(find_model(trained_run), kinds) == [OUTPUT / "samples.png", OUTPUT / "history.png"]


def test_the_seed_chooses_the_samples(trained_run: Path) -> None:
    files = [
        save_plots(
            find_model(trained_run),
            "mine",
            DATASET,
            Path(folder),
            kinds=["samples"],
            count=4,
            seed=seed,
        )[0].read_bytes()
        for folder, seed in (("a", 0), ("b", 0), ("c", 1))
    ]

    assert files[0] == files[1] != files[2]


def test_an_evaluation_is_not_computed_again(
    trained_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = evaluation.evaluate_probabilities(
        DATASET.labels, make_probabilities(DATASET.labels, 0.9)
    )
    monkeypatch.setattr(evaluation, "evaluate", None)

    (file,) = save_plots(
        find_model(trained_run), "mine", DATASET, OUTPUT, kinds=["confusion"], evaluation=known
    )

    assert file == OUTPUT / "confusion.png"


def test_a_history_without_a_number_of_images_is_drawn(
    trained_run: Path, footers: dict[str, str]
) -> None:
    shutil.copytree(trained_run, "run")
    Path("run/metrics.json").unlink()

    draw(find_model("run"), ["history"])

    assert footers["history"] == "model: run, dataset: digits"


def test_the_packaged_model_has_no_history(monkeypatch: pytest.MonkeyPatch) -> None:
    draw_nothing(monkeypatch)
    model = find_model("pretrained")

    error = error_of(model, "history")
    assert isinstance(error, PlotError)
    assert error.message == "no history: 'pretrained' has none"
    assert error.hint == "--kind confusion"
    assert "history" not in [file.stem for file in draw(model)]


def test_a_file_outside_a_run_has_no_history(
    trained_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw_nothing(monkeypatch)
    shutil.copy(trained_run / "model.keras", "alone.keras")
    model = find_model("alone.keras")

    error = error_of(model, "history")
    assert isinstance(error, PlotError)
    assert error.message == "no history: 'alone.keras' is a file outside a run directory"
    assert error.hint == "--kind confusion"
    assert [file.stem for file in draw(model)] == WITHOUT_AUGMENTATION[1:]


def test_a_model_of_one_layer_has_neither_filters_nor_a_hidden_layer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    draw_nothing(monkeypatch)
    model = find_model(save_dense_model("dense.keras"))

    for kind, missing in {
        "filters": "convolution",
        "activations": "hidden layer",
        "embedding": "hidden layer",
    }.items():
        error = error_of(model, kind)
        assert isinstance(error, PlotError)
        assert error.message == f"no {kind}: the model has no {missing}"
        assert error.hint == "--kind confusion"
    assert [file.stem for file in draw(model)] == [
        *("confusion", "calibration", "samples", "mistakes", "occlusion")
    ]


@pytest.mark.parametrize("kind", ["history", "filters", "activations", "embedding", "augmentation"])
def test_several_models_have_no_plots_of_single_models(kind: str, trained_run: Path) -> None:
    shutil.copytree(trained_run, "first run")
    shutil.copytree(trained_run, "second")
    model = find_model("first run", "second")

    error = error_of(model, kind)
    assert isinstance(error, PlotError)
    assert error.message == f"no {kind} plot of an ensemble: plot its 2 models one by one"
    assert error.hint == "--model 'first run'"


def test_an_ensemble_has_no_history(trained_run: Path) -> None:
    for member in ("member-1", "member-2"):
        shutil.copytree(trained_run, Path("ensemble") / member)
    shutil.copy(trained_run / "config.json", "ensemble")

    error = error_of(find_model("ensemble"), "history")

    assert error.hint == "--model ensemble/member-1"


def test_a_damaged_model_is_an_error_for_every_plot_that_needs_it(trained_run: Path) -> None:
    shutil.copytree(trained_run, "run")
    Path("run/model.tflite").unlink()
    Path("run/model.keras").write_bytes(b"no model")
    model = ModelRef((Path("run/model.keras"),))

    for kind in ("confusion", "filters"):
        assert isinstance(error_of(model, kind), ModelError)


def test_an_empty_dataset_is_an_error(trained_run: Path) -> None:
    with pytest.raises(DataError) as caught:
        draw(find_model(trained_run), dataset=random_dataset([]))

    assert caught.value.message == "the dataset has no images to plot"
    assert caught.value.hint == "--dataset digits"


def test_the_error_of_an_unwritable_directory_suggests_another_one(trained_run: Path) -> None:
    OUTPUT.write_text("a file")

    with pytest.raises(OutputError) as caught:
        draw(find_model(trained_run), ["history"])

    assert caught.value.hint == "--output-dir DIR"


def test_importing_the_registry_is_light() -> None:
    heavy = ("numpy", "matplotlib", "keras", "tensorflow", "sklearn", "PIL")
    code = (
        "import sys\nimport mnistcli.plotting.registry\n"
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert (done.stdout, done.stderr) == ("[]\n", "")
    assert registry.__doc__
