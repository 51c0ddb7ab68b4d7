"""MNIST: its files in a folder or in the cache, and their download."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from mnistcli import datasets
from mnistcli.datasets import download, idx, mnist
from mnistcli.errors import DataError, DownloadError
from tests.datasets.helpers import TEST, TRAIN, assert_same_images
from tests.datasets.mirror import FILES, NAME, Mirror


def use_mirrors(monkeypatch: pytest.MonkeyPatch, server: str, *behaviors: str) -> None:
    monkeypatch.setattr(mnist, "MIRRORS", [f"http://{server}/{name}/" for name in behaviors])


def cached(tmp_path: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (tmp_path / "cache" / "mnist").iterdir()}


def assert_mnist(splits: datasets.Splits) -> None:
    assert (splits.name, splits.has_own_split, splits.notes) == ("mnist", True, ())
    assert_same_images(splits)


# Download and cache


def test_downloaded_files_are_cached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: str
) -> None:
    use_mirrors(monkeypatch, server, "good")

    assert_mnist(datasets.load("mnist"))
    assert cached(tmp_path) == FILES
    assert len(Mirror.requested) == 4

    use_mirrors(monkeypatch, server, "missing")
    assert_mnist(datasets.load("mnist"))
    assert len(Mirror.requested) == 4


@pytest.mark.parametrize("behavior", ["missing", "wrong", "stalls"])
def test_the_next_mirror_is_tried_for_each_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: str, behavior: str
) -> None:
    monkeypatch.setattr(download, "TIMEOUT", 0.5)
    use_mirrors(monkeypatch, server, behavior, "good")

    assert_mnist(datasets.load("mnist"))
    assert Mirror.requested[:2] == [f"/{behavior}/{NAME}.gz", f"/good/{NAME}.gz"]
    assert len(Mirror.requested) >= 5
    assert cached(tmp_path) == FILES


def test_no_mirror_has_the_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: str
) -> None:
    use_mirrors(monkeypatch, server, "missing", "wrong")

    with pytest.raises(DownloadError) as caught:
        datasets.load("mnist")

    assert str(caught.value) == (
        f"cannot download '{NAME}.gz' ({server}: HTTP 404; {server}: wrong content); "
        "--data-dir takes a directory with the files"
    )
    assert caught.value.hint == "--dataset digits"
    assert cached(tmp_path) == {}


@pytest.mark.parametrize("damaged", [b"", b"\x1f\x8b and no more", FILES[idx.NAMES[2]]])
def test_a_damaged_file_in_the_cache_is_downloaded_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: str, damaged: bytes
) -> None:
    use_mirrors(monkeypatch, server, "good")
    datasets.load("mnist")
    (tmp_path / "cache" / "mnist" / NAME).write_bytes(damaged)
    Mirror.requested.clear()

    assert_mnist(datasets.load("mnist"))
    assert Mirror.requested == [f"/good/{NAME}.gz"]
    assert cached(tmp_path) == FILES


def test_compressed_files_in_the_cache_are_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: str
) -> None:
    (tmp_path / "cache").mkdir()
    write_files(tmp_path / "cache" / "mnist")

    assert_mnist(datasets.load("mnist"))
    assert Mirror.requested == []


def test_a_cache_that_is_not_a_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: str
) -> None:
    use_mirrors(monkeypatch, server, "good")
    (tmp_path / "cache").write_text("a file in place of the directory")

    assert cache_error(tmp_path) == "not a directory"
    assert Mirror.requested == []


def test_a_cache_without_write_permission(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: str
) -> None:
    use_mirrors(monkeypatch, server, "good")
    monkeypatch.setattr("os.access", lambda *_: False)

    assert cache_error(tmp_path) == "permission denied"
    assert Mirror.requested == []


def test_a_full_disk_leaves_no_file_in_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: str
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    use_mirrors(monkeypatch, server, "good")
    monkeypatch.setattr("os.fsync", fail)

    assert cache_error(tmp_path) == "no space left on device"
    assert cached(tmp_path) == {}


def cache_error(tmp_path: Path) -> str:
    """Return the reason why the cache cannot be written."""
    with pytest.raises(DataError) as caught:
        datasets.load("mnist")
    message, _, reason = str(caught.value).rpartition(": ")
    assert message == f"cannot write to the cache '{tmp_path / 'cache' / 'mnist'}'"
    assert caught.value.hint == "export MNISTCLI_CACHE_DIR=DIR"
    return reason


# The user's own folder


def write_files(folder: Path) -> Path:
    folder.mkdir()
    for name, content in FILES.items():
        (folder / f"{name}.gz").write_bytes(gzip.compress(content))
    return folder


@pytest.fixture
def folder(tmp_path: Path, server: str) -> Path:
    """A folder with the four files; nothing is downloaded."""
    return write_files(tmp_path / "own")


def test_the_folder_of_the_argument_is_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNISTCLI_DATA_DIR", "elsewhere")

    assert_mnist(datasets.load("mnist", data_dir=folder))


def test_the_folder_of_the_variable_is_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNISTCLI_DATA_DIR", str(folder))

    assert_mnist(datasets.load("mnist"))


def test_a_file_that_the_folder_lacks_is_not_downloaded(folder: Path) -> None:
    (folder / f"{idx.NAMES[3]}.gz").unlink()

    with pytest.raises(DataError) as caught:
        datasets.load("mnist", data_dir=Path("own"))

    assert str(caught.value) == (
        "no 't10k-labels-idx1-ubyte' and no 't10k-labels-idx1-ubyte.gz' in 'own'"
    )
    assert caught.value.hint == "without --data-dir, MNIST is downloaded"
    assert Mirror.requested == []


def test_the_folder_of_the_variable_is_missing(
    server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNISTCLI_DATA_DIR", "missing")

    with pytest.raises(DataError) as caught:
        datasets.load("mnist")

    assert str(caught.value) == f"no '{NAME}' and no '{NAME}.gz' in 'missing'"
    assert caught.value.hint == "unset MNISTCLI_DATA_DIR"


def test_a_damaged_file_in_the_folder_is_named(folder: Path) -> None:
    content = FILES[idx.NAMES[1]]
    (folder / f"{idx.NAMES[1]}.gz").write_bytes(gzip.compress(content[:-1] + b"\1"))

    with pytest.raises(DataError) as caught:
        datasets.load("mnist", data_dir=Path("own"))

    assert str(caught.value) == (
        "damaged file 'own/train-labels-idx1-ubyte.gz': not the content of MNIST"
    )
    assert caught.value.hint == "without --data-dir, MNIST is downloaded"


def test_the_real_files_are_read(mnist_dir: Path) -> None:
    splits = datasets.load("mnist", data_dir=mnist_dir)

    assert (len(splits.train), len(splits.test)) == (60_000, 10_000)
    assert splits.train.labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert np.bincount(splits.test.labels).tolist() == [
        980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009,
    ]  # fmt: skip
    assert splits.train.images.mean() / 255 == pytest.approx(0.1307, abs=1e-4)


@pytest.fixture
def keras_file(tmp_path: Path) -> Path:
    """The path at which Keras caches MNIST."""
    path = tmp_path / "keras" / "datasets" / "mnist.npz"
    path.parent.mkdir(parents=True)
    return path


def test_the_file_of_keras_is_used_before_a_download(
    keras_file: Path, monkeypatch: pytest.MonkeyPatch, server: str
) -> None:
    use_mirrors(monkeypatch, server, "missing")
    arrays = (TRAIN.images, TRAIN.labels, TEST.images, TEST.labels)
    x_train, y_train, x_test, y_test = (array.astype(np.uint8) for array in arrays)
    np.savez(keras_file, x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test)

    splits = datasets.load("mnist")

    assert splits.notes == (f"MNIST from {str(keras_file)!r}",)
    assert_same_images(splits)


def test_a_file_of_keras_with_other_content_is_not_used(
    keras_file: Path, monkeypatch: pytest.MonkeyPatch, server: str
) -> None:
    use_mirrors(monkeypatch, server, "good")
    x, y = TEST.images, TEST.labels
    np.savez(keras_file, x_train=x, y_train=y, x_test=x, y_test=y)

    assert_mnist(datasets.load("mnist"))
