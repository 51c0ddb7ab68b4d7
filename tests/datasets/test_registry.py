"""Tests of `datasets.load`, which finds a dataset by its name or a reader for its path."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mnistcli import datasets
from mnistcli.datasets import Dataset, Reader, Splits
from mnistcli.errors import ConfigError, DataError, MnistCliError
from tests.datasets.helpers import TEST, TRAIN, load_error


@pytest.mark.parametrize(
    ("name", "error", "message", "hint"),
    [
        ("mnits", ConfigError, "unknown dataset 'mnits'; did you mean 'mnist'?", "--dataset mnist"),
        ("Digit", ConfigError, "unknown dataset 'Digit'; did you mean 'digits'?",
         "--dataset digits"),
        ("flowers", ConfigError, "unknown dataset 'flowers': choose 'mnist', 'digits' or a path",
         "--dataset digits"),
        ("bad", ConfigError, "unknown dataset 'bad': choose 'mnist', 'digits' or a path",
         "--dataset digits"),
        ("", ConfigError, "unknown dataset '': choose 'mnist', 'digits' or a path",
         "--dataset digits"),
        ("mnist.npz", DataError, "no such file or directory: 'mnist.npz'", "--dataset digits"),
        ("my/[/red] set\n", DataError, "no such file or directory: 'my/[/red] set\\n'",
         "--dataset digits"),
        ("x" * 300, DataError, f"cannot read '{'x' * 300}': file name too long",
         "--dataset digits"),
    ],
)  # fmt: skip
def test_a_dataset_that_does_not_exist(
    name: str, error: type[MnistCliError], message: str, hint: str
) -> None:
    with pytest.raises(error) as caught:
        datasets.load(name)

    assert (str(caught.value), caught.value.hint) == (message, hint)


@pytest.mark.parametrize("name", ["digits", "Digits", "DIGITS"])
def test_names_are_case_insensitive(name: str) -> None:
    assert datasets.load(name).name == "digits"


def test_a_directory_in_upper_case_is_a_path(tmp_path: Path) -> None:
    (tmp_path / "MNIST").mkdir()

    assert load_error("MNIST").startswith("no dataset in 'MNIST'")


def test_a_name_in_lower_case_is_never_a_path(tmp_path: Path) -> None:
    (tmp_path / "digits").mkdir()

    assert datasets.load("digits").name == "digits"


@pytest.mark.parametrize("name", ["data.xyz", "mnits"])
def test_the_error_for_an_unknown_format_lists_the_formats(tmp_path: Path, name: str) -> None:
    if name == "mnits":
        (tmp_path / name).mkdir()
    else:
        (tmp_path / name).write_text("label,pixel\n")

    message = load_error(name)

    assert message.startswith(f"no dataset in '{name}': expected folders '0' to '9' of images")
    assert all(reader.description in message for reader in datasets.FILE_READERS)


def test_a_reader_is_one_row_of_the_registry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(path: Path) -> Splits:
        return Splits(str(path), TRAIN, Dataset(TEST.images, TEST.labels))

    reader = Reader("an .xyz file", lambda path: path.suffix == ".xyz", read)
    monkeypatch.setattr(datasets, "READERS", (*datasets.READERS, reader))
    (tmp_path / "data.xyz").touch()

    splits = datasets.load("data.xyz")

    assert splits.name == str(tmp_path / "data.xyz")
    np.testing.assert_array_equal(splits.test.labels, TEST.labels)


def test_importing_datasets_loads_neither_keras_nor_pooch() -> None:
    code = (
        "import sys, mnistcli.datasets;"
        "print({'keras', 'tensorflow', 'pooch', 'requests'} & {*sys.modules})"
    )
    root = Path(__file__).parents[2]

    shown = subprocess.check_output([sys.executable, "-c", code], cwd=root, text=True)

    assert shown == "set()\n"
