"""Layouts in which people keep digit data: 112 of them, made from small data."""

import csv
import gzip
import json
import pickle
import struct
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import h5py
import numpy as np
from PIL import Image
from scipy.io import savemat

from mnistcli.datasets import Dataset, idx
from tests.datasets.helpers import TEST, TRAIN, idx_files, images_file, labels_file

Array: TypeAlias = Any  # an array of any dtype
WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


class DataLayout(NamedTuple):
    """A layout of data.

    Attributes:
        write: Writes the data into a folder and returns the path to load.
        outcome: ``splits`` for `TRAIN` and `TEST`, ``images`` for all images of `TRAIN` in one
            split, ``close`` for the labels of `TRAIN` with images of another resolution; ``sorted``
            and ``sorted all`` for the same in any order, normalized; else what the error says.
        note: The text of a note; empty for no particular note.
    """

    write: Callable[[Path], Path]
    outcome: str
    note: str = ""


LAYOUTS: dict[str, DataLayout] = {}


def add(
    name: str, write: Callable[[Path], object], outcome: str, note: str = "", to: str = "d"
) -> None:
    def run(folder: Path) -> Path:
        path = folder / to
        (path.parent if path.suffix or "idx" in to else path).mkdir(parents=True, exist_ok=True)
        write(path)
        return path

    assert name not in LAYOUTS
    LAYOUTS[name] = DataLayout(run, outcome, note)


# NumPy archives

ARRAYS: dict[str, Array] = {
    "x_train": TRAIN.images, "y_train": TRAIN.labels, "x_test": TEST.images, "y_test": TEST.labels,
}  # fmt: skip


def npz(names: str = "x_train y_train x_test y_test", x: Callable[[Array], Array] = lambda x: x,
        y: Callable[[Array], Array] = lambda y: y) -> Callable[[Path], None]:  # fmt: skip
    def write(path: Path) -> None:
        arrays = [x(a) if a.ndim > 1 else y(a) for a in ARRAYS.values()]
        np.savez(path, **dict(zip(names.split(), arrays, strict=True)))

    return write


for keys in (
    "X_train y_train X_test y_test", "train_images train_labels test_images test_labels",
    "trainX trainY testX testY", "xtrain ytrain xtest ytest", "train_x train_y test_x test_y",
    "arr_0 arr_1 arr_2 arr_3", "training_images training_labels testing_images testing_labels",
    "X_tr y_tr X_te y_te", "train_data train_target test_data test_target",
    "TRAIN_IMAGES TRAIN_LABELS TEST_IMAGES TEST_LABELS", "imgs_train labels_train imgs_val labels_val",
    "train_images train_labels val_images val_labels",
):  # fmt: skip
    add(f"npz keys {keys}", npz(keys), "splits", to="d.npz")
add(
    "npz of one split",
    lambda p: np.savez(p, images=TRAIN.images, labels=TRAIN.labels),
    "images",
    to="d.npz",
)
add(
    "npz data and target",
    lambda p: np.savez(p, data=TRAIN.images, target=TRAIN.labels),
    "images",
    to="d.npz",
)
add(
    "npz sklearn order",
    lambda p: np.savez(p, TRAIN.images, TEST.images, TRAIN.labels, TEST.labels),
    "splits",
    to="d.npz",
)


def medmnist(path: Path) -> None:
    arrays: dict[str, Array] = {}
    for split, data in (("train", TRAIN), ("val", TEST), ("test", TEST)):
        arrays[f"{split}_images"], arrays[f"{split}_labels"] = data.images, data.labels[:, None]
    np.savez(path, **arrays)


add("npz of medmnist", medmnist, "splits", to="d.npz")
add("npz without labels", lambda p: np.savez(p, x=TRAIN.images), "no labels", to="d.npz")

IMAGE_FORMS: dict[str, tuple[Callable[[Array], Array], str]] = {
    "rows of 784": (lambda x: x.reshape(len(x), 784), ""),
    "channels last": (lambda x: x[..., None], ""),
    "channels first": (lambda x: x[:, None], ""),
    "RGB": (lambda x: np.repeat(x[..., None], 3, 3), ""),
    "RGB first": (lambda x: np.repeat(x[:, None], 3, 1), ""),
    "RGBA": (lambda x: np.concatenate([np.repeat(x[..., None], 3, 3), np.full((*x.shape, 1), 255, np.uint8)], 3), ""),
    "32x32": (lambda x: np.pad(x, ((0, 0), (2, 2), (2, 2))), ""),
    "float 0..1": (lambda x: x.astype(np.float32) / 255, ""),
    "float 0..255": (lambda x: x.astype(np.float64), ""),
    "-1..1": (lambda x: x.astype(np.float32) / 127.5 - 1, "-1 to 1"),
    "standardized": (lambda x: (x.astype(np.float32) / 255 - 0.1307) / 0.3081, "standardized"),
    "int64": (lambda x: x.astype(np.int64), ""),
    "uint16": (lambda x: x.astype(np.uint16) * 257, "65535"),
    "transposed": (lambda x: x.swapaxes(1, 2), "transposed"),
    "upside down": (lambda x: x[:, ::-1, ::-1], "upside down"),
    "mirrored": (lambda x: x[:, :, ::-1], "mirrored"),
    "dark on light": (lambda x: 255 - x, "dark on light: inverted"),
}  # fmt: skip
for name, (change, note) in IMAGE_FORMS.items():
    add(f"images {name}", npz(x=change), "splits", note, to="d.npz")
for name, change in {
    "bool": lambda x: x > 127, "0 and 1": lambda x: (x > 127).astype(np.uint8),
    "0 to 16": lambda x: np.uint8(np.rint(x / 255 * 16)), "0 to 15": lambda x: np.uint8(np.rint(x / 17)),
    "dark on light 0..1": lambda x: 1 - (x > 127).astype(np.float32),
    "8x8": lambda x: x[:, 2:-2, 2:-2].reshape(-1, 8, 3, 8, 3).mean((2, 4)),
    "14x14": lambda x: x.reshape(-1, 14, 2, 14, 2).mean((2, 4)),
    "56x56": lambda x: x.repeat(2, 1).repeat(2, 2),
}.items():  # fmt: skip
    add(
        f"images {name}",
        npz(x=change),
        "close",
        "scaled" if name.startswith("0 ") else "",
        to="d.npz",
    )
add(
    "images standardized with other constants",
    npz(x=lambda x: (x.astype(np.float32) - 40) / 20),
    "standardized images",
    to="d.npz",
)
add(
    "images NaN", npz(x=lambda x: np.where(x > 200, np.nan, x)), "pixels range from nan", to="d.npz"
)

for name, change in {
    "in a column": lambda y: y[:, None], "one-hot": lambda y: np.eye(10)[y], "floats": lambda y: y.astype(float),
    "one-hot bool": lambda y: np.eye(10)[y] > 0, "text": lambda y: y.astype(str), "bytes": lambda y: y.astype("S1"),
    "words": lambda y: np.array(WORDS)[y], "uint8": lambda y: y.astype(np.uint8),
    "0 as 10": lambda y: np.where(y == 0, 10, y),
}.items():  # fmt: skip
    add(f"labels {name}", npz(y=change), "splits", to="d.npz")
add(
    "labels of letters",
    npz(y=lambda y: y % 26 + 1 + 16 * (y == 9)),
    "letters, not digits",
    to="d.npz",
)


# Tables


def rows(data: Dataset, header: str = "label,*", label: str = "first", sep: str = ",", scale: float = 1) -> str:  # fmt: skip
    lines = []
    if header:
        columns = [f"pixel{n}" for n in range(784)]
        lines.append(
            sep.join(
                cell for one in header.split(",") for cell in (columns if one == "*" else [one])
            )
        )
    for number, (image, digit) in enumerate(zip(data.images, data.labels, strict=True)):
        cells = [f"{v / scale:g}" if scale != 1 else str(v) for v in image.ravel()]
        before = {
            "first": [str(digit)],
            "id": [str(number)],
            "index": [str(number), str(digit)],
        }.get(label, [])
        lines.append(sep.join([*before, *cells, *([str(digit)] if label == "last" else [])]))
    return "\n".join(lines) + "\n"


def write_rows(arguments: dict[str, Any], path: Path) -> None:
    path.write_text(rows(TRAIN, **arguments), "utf-8")


TABLES: dict[str, dict[str, Any]] = {
    "of Kaggle": {}, "without a header": {"header": ""}, "label last": {"header": "", "label": "last"},
    "header class last": {"header": "*,class", "label": "last"}, "semicolons": {"sep": ";"}, "with 0..1": {"scale": 255},
    "tabs": {"sep": "\t"}, "blanks": {"header": "", "sep": " "}, "with an index": {"header": ",label,*", "label": "index"},
    "y": {"header": "y,*"}, "quoted header": {"header": '"label",*'}, "with a byte order mark": {"header": "\ufefflabel,*"},
}  # fmt: skip
for name, arguments in TABLES.items():
    add(
        f"csv {name}",
        partial(write_rows, arguments),
        "images",
        to="d.csv",
    )
add(
    "csv Windows line ends",
    lambda p: p.write_bytes(rows(TRAIN).replace("\n", "\r\n").encode()),
    "images",
    to="d.csv",
)
add("csv.gz", lambda p: p.write_bytes(gzip.compress(rows(TRAIN).encode())), "images", to="d.csv.gz")
add("csv damaged row", lambda p: p.write_text(rows(TRAIN) + "3,0,0\n"), "line 32", to="d.csv")
add(
    "csv a word among pixels",
    lambda p: p.write_text(rows(TRAIN) + "3," + "0," * 783 + "x\n"),
    "line 32",
    to="d.csv",
)
add(
    "csv without labels",
    lambda p: p.write_text(rows(TRAIN, "*", "none")),
    "no labels",
    to="test.csv",
)
add(
    "csv of Iris",
    lambda p: p.write_text("a,b,species\n5.1,3.5,setosa\n"),
    "lists 'a', 'b', 'species', not pixels",
    to="d.csv",
)
add(
    "arff of OpenML",
    lambda p: p.write_text("@relation mnist\n@attribute a real\n@data\n" + rows(TRAIN, "", "last")),
    "images",
    to="d.arff",
)


def csv_folder(train: str, test: str, labeled: bool = True) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        (folder / train).write_text(rows(TRAIN))
        (folder / test).write_text(rows(TEST) if labeled else rows(TEST, "*", "none"))
        (folder / "sample_submission.csv").write_text("ImageId,Label\n1,0\n2,0\n")

    return write


add("folder mnist_train.csv", csv_folder("mnist_train.csv", "mnist_test.csv"), "splits")
add("folder train.csv test.csv", csv_folder("train.csv", "test.csv"), "splits")
add(
    "folder of Kaggle",
    csv_folder("train.csv", "test.csv", labeled=False),
    "images",
    "skipped the test images",
)


# Other files of arrays


def save_all(
    save: Callable[[Path, Array], object], names: str, suffix: str
) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        for name, array in zip(names.split(), ARRAYS.values(), strict=True):
            save(folder / f"{name}{suffix}", array)

    return write


def save_npy(path: Path, array: Array) -> None:
    np.save(path, array)


add("npy x_train.npy", save_all(save_npy, "x_train y_train x_test y_test", ".npy"), "splits")
add(
    "npy train_images.npy",
    save_all(save_npy, "train_images train_labels test_images test_labels", ".npy"),
    "splits",
)


def save_npy_split(folder: Path, data: Dataset, names: str = "images labels") -> None:
    folder.mkdir(exist_ok=True)
    arrays: list[Array] = [data.images, data.labels]
    for name, array in zip(names.split(), arrays, strict=True):
        save_npy(folder / f"{name}.npy", array)


def save_npy_splits(folder: Path) -> None:
    save_npy_split(folder / "train", TRAIN)
    save_npy_split(folder / "test", TEST)


def save_npz_splits(folder: Path) -> None:
    np.savez(folder / "train.npz", images=TRAIN.images, labels=TRAIN.labels)
    np.savez(folder / "test.npz", images=TEST.images, labels=TEST.labels)


add("npy of one split", lambda p: save_npy_split(p, TRAIN, "X y"), "images")
add("npy in folders of splits", save_npy_splits, "splits")
add("npz in a folder", lambda p: npz()(p / "mnist.npz"), "splits")
add("npz for each split", save_npz_splits, "splits")


def hdf5(names: str) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        with h5py.File(path, "w") as file:
            for name, array in zip(names.split(), ARRAYS.values(), strict=True):
                file[name] = array

    return write


add("h5 x_train", hdf5("x_train y_train x_test y_test"), "splits", to="d.h5")
add("h5 groups", hdf5("train/images train/labels test/images test/labels"), "splits", to="d.hdf5")
add("h5 of USPS", hdf5("train/data train/target test/data test/target"), "splits", to="usps.h5")


def mat(**arrays: Any) -> Callable[[Path], None]:
    return lambda path: savemat(path, arrays, do_compression=True)


add("mat x_train", mat(**ARRAYS), "splits", to="d.mat")
add(
    "mat mnist_all",
    mat(
        **{
            f"{n}{k}": d.images[d.labels == k].reshape(-1, 784)
            for n, d in (("train", TRAIN), ("test", TEST))
            for k in range(10)
        }
    ),
    "sorted",
    to="mnist_all.mat",
)
add(
    "mat mnist-original",
    mat(data=TRAIN.images.reshape(30, 784).T, label=TRAIN.labels[None].astype(float)),
    "images",
    to="mnist-original.mat",
)
add(
    "mat of EMNIST",
    mat(
        dataset={
            n: {"images": d.images.swapaxes(1, 2).reshape(-1, 784), "labels": d.labels[:, None]}
            for n, d in (("train", TRAIN), ("test", TEST))
        }
    ),
    "splits",
    "transposed",
    to="emnist-digits.mat",
)
add(
    "mat of SVHN",
    mat(
        X=np.moveaxis(TRAIN.images[..., None].repeat(3, 3), 0, 3),
        y=np.where(TRAIN.labels == 0, 10, TRAIN.labels)[:, None],
    ),
    "images",
    to="train_32x32.mat",
)

NAMES = dict(zip(idx.NAMES, idx_files().values(), strict=True))


def idx_folder(
    rename: Callable[[str], str], extra: dict[str, bytes] | None = None, where: str = ""
) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        (folder / where).mkdir(parents=True, exist_ok=True)
        for name, content in NAMES.items():
            (folder / where / rename(name)).write_bytes(content)
        for name, content in (extra or {}).items():
            (folder / where / name).write_bytes(content)

    return write


def qmnist(folder: Path) -> None:
    for name, data in (("train", TRAIN), ("test", TEST)):
        columns = np.zeros((len(data), 8), ">i4")
        columns[:, 0], columns[:, 1] = data.labels, 99
        content = struct.pack(">4B2I", 0, 0, 12, 2, *columns.shape) + columns.tobytes()
        (folder / f"qmnist-{name}-labels-idx2-int.gz").write_bytes(gzip.compress(content))
        (folder / f"qmnist-{name}-images-idx3-ubyte.gz").write_bytes(
            gzip.compress(images_file(data.images))
        )


OTHERS = {
    f"emnist-letters-{a}-{b}": c
    for a in ("train", "test")
    for b, c in (
        ("images-idx3-ubyte", images_file(TEST.images)),
        ("labels-idx1-ubyte", labels_file(TEST.labels + 1)),
    )
}
add(
    "idx emnist-digits",
    idx_folder(lambda n: f"emnist-digits-{n.replace('t10k', 'test')}", OTHERS),
    "splits",
    "skipped: emnist letters",
)
add(
    "idx and gz of the same",
    idx_folder(lambda n: n, {f"{n}.gz": gzip.compress(c) for n, c in NAMES.items()}),
    "splits",
)
add(
    "idx torchvision root",
    idx_folder(lambda n: n, where="MNIST/raw"),
    "splits",
    "the dataset is in",
)
add(
    "idx torchvision MNIST",
    idx_folder(lambda n: n, where="raw"),
    "splits",
    "the dataset is in",
)
add("idx one deeper", idx_folder(lambda n: n, where="mnist"), "splits", "the dataset is in")
add("idx of QMNIST", qmnist, "splits")


def idx_beside(path: Path) -> None:
    path.parent.mkdir(exist_ok=True)
    for name, content in NAMES.items():
        (path.parent / name).write_bytes(content)


add("idx one file", idx_beside, "images", to=f"x.d/{idx.NAMES[0]}")


# Folders of images


def save_images(folder: Path, data: Dataset, name: Callable[[int, int], str]) -> None:
    for number, (image, digit) in enumerate(zip(data.images, data.labels, strict=True)):
        path = folder / name(number, int(digit))
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path)


def split_folders(
    train: str, test: str, name: Callable[[int, int], str] = lambda n, d: f"{d}/{n}.png"
) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        save_images(folder / train, TRAIN, name)
        save_images(folder / test, TEST, name)

    return write


for name, of in {
    "words": lambda n, d: f"{WORDS[d]}/{n}.png", "digit_0": lambda n, d: f"digit_{d}/{n}.png", "class0": lambda n, d: f"class{d}/{n}.png",
    "0 - zero": lambda n, d: f"{d} - {WORDS[d]}/{n}.png", "00": lambda n, d: f"0{d}/{n}.png", "one deeper": lambda n, d: f"digits/{d}/{n}.png",
    "7_0012.png": lambda n, d: f"{d}_{n:04}.png", "img_12_7.png": lambda n, d: f"img_{n}_{d}.png", "label7_12.png": lambda n, d: f"{n}_label_{d}.png",
}.items():  # fmt: skip
    add(f"images in {name}", partial(save_images, data=TRAIN, name=of), "sorted all", to="d")
for a, b in (("training", "testing"), ("train", "val"), ("Train", "Test"), ("train", "valid")):
    add(f"folders {a} {b}", split_folders(a, b), "sorted")


def three_folders(folder: Path) -> None:
    split_folders("train", "test")(folder)
    save_images(folder / "val", TEST, lambda n, d: f"{d}/{n}.png")


add("folders train val test", three_folders, "sorted")


def labels_csv(
    header: str, name: str = "labels.csv", where: str = "", stem: bool = False
) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        save_images(folder / where, TRAIN, lambda n, d: f"{n}.png")
        with (folder / name).open("w", newline="") as file:
            table = csv.writer(file)
            table.writerow(header.split(","))
            table.writerows((n if stem else f"{n}.png", d) for n, d in enumerate(TRAIN.labels))

    return write


for header in ("filename,label", "image,class", "file,digit", "path,label"):
    add(f"labels.csv with {header}", labels_csv(header), "sorted all", "labels from")
add(
    "labels.csv beside images/",
    labels_csv("filename,label", where="images"),
    "sorted all",
    "labels from",
)
add(
    "labels.csv with id",
    labels_csv("id,label", "train.csv", "train", stem=True),
    "sorted all",
    "labels from",
)


# Refusals that say what it is


def refused(name: str, content: bytes, says: str, file: str) -> None:
    add(name, lambda p: p.write_bytes(content), says, to=file)


def zipped(name: str) -> bytes:
    import io

    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(name, b"x")
    return stream.getvalue()


PICKLE = pickle.dumps({"x": 1})
refused(
    "Git LFS pointer",
    b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n",
    "git lfs pull",
    "train.csv",
)
refused("web page", b"<!DOCTYPE html><html></html>", "a web page", "mnist.npz")
refused("mnist.pkl", PICKLE, "numpy.savez", "mnist.pkl")
refused("mnist.pkl.gz", gzip.compress(PICKLE), "numpy.savez", "mnist.pkl.gz")
refused("training.pt", zipped("archive/data.pkl"), "a PyTorch file", "training.pt")
refused("zip of folders", zipped("0/1.png"), "unpack it first", "digits.zip")
refused(
    "tar.gz",
    gzip.compress(b"0/1.png".ljust(257, b"\0") + b"ustar" + bytes(250)),
    "unpack it first",
    "d.tar.gz",
)
refused("Excel", zipped("[Content_Types].xml"), "save the sheet as CSV", "d.xlsx")
refused("model.keras", zipped("metadata.json"), "a Keras model", "m.keras")
refused("ONNX", b"\x08\x07\x12\x07pytorch", "an ONNX model", "m.onnx")
refused("JSON", b'[{"image": [0]}]', "a JSON file", "d.json")
refused("LIBSVM", b"5 153:3 154:18 155:18 156:18\n", "load_svmlight_file", "mnist.scale")
refused("PDF", b"%PDF-1.7\n", "a PDF", "scan.pdf")
add(
    "model.weights.h5",
    lambda p: h5py.File(p, "w").create_group("layers/dense").file.close(),
    "a Keras model or its weights",
    to="m.weights.h5",
)
add("SavedModel", lambda p: (p / "saved_model.pb").write_bytes(b"x"), "a SavedModel")


def yolo(folder: Path) -> None:
    (folder / "images").mkdir()
    (folder / "labels").mkdir()
    (folder / "labels" / "1.txt").write_text("7 0.5 0.5 0.1 0.1")


add("YOLO", yolo, "with boxes")
add(
    "COCO",
    lambda p: (p / "_annotations.coco.json").write_text(json.dumps({"bbox": []})),
    "with boxes",
)
add("Arrow dataset", lambda p: (p / "data.arrow").write_bytes(b"ARROW1"), "to_parquet")
