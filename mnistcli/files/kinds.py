"""File kinds: formats that people mistake for an image, a dataset or a model, and the remedies."""

import re
from pathlib import Path
from typing import NamedTuple


class FileKind(NamedTuple):
    """The kind of a file that people mistake for a dataset, an image or a model.

    Attributes:
        name: The kind with its article, such as ``a pickle``.
        remedy: Instruction to turn the file into a dataset; also used for `image_remedy` and
            `model_remedy` if they are empty.
        image_remedy: Instruction to turn the file into an image.
        model_remedy: Instruction to turn the file into a model.
        label: A short name for counts, such as ``HEIC``; empty if names do not show the kind.
        suffixes: The suffixes of its names in lower case.
    """

    name: str
    remedy: str
    image_remedy: str = ""
    model_remedy: str = ""
    label: str = ""
    suffixes: tuple[str, ...] = ()

    @property
    def image_message(self) -> str:
        """The text of an error where an image was expected, after the name of the file."""
        return f"is {self.name}: {self.image_remedy or self.remedy}"

    @property
    def model_message(self) -> str:
        """The text of an error where a model was expected, after the name of the file."""
        return f"is {self.name}: {self.model_remedy or self.remedy}"


_SAVE_ARRAYS = "save its arrays with numpy.savez"
_SAVE_MODEL = "save the model as .keras"
_UNPACK = "unpack it first"
_NO_DATASET = "pass it to evaluate as MODEL, not with --dataset"
_USE_MODEL = "pass a model with --model"
_NOT_A_MODEL = "a model is a .keras or .h5 file"
_AS_PNG = "export it as PNG"

LFS = FileKind("a Git LFS pointer", "fetch the file with 'git lfs pull'")
WEB_PAGE = FileKind(
    "a web page", "download the file itself", label="HTML", suffixes=(".html", ".htm")
)
PICKLE = FileKind(
    "a pickle, which can run code and is not read",
    f"if you trust it, {_SAVE_ARRAYS}",
    model_remedy=_SAVE_MODEL,
)
ARCHIVE = FileKind("an archive", _UNPACK)
"""A zip, tar or other archive, or a compressed file."""
PYTORCH = FileKind(
    "a PyTorch file, a pickle that can run code and is not read",
    f"if you trust it, {_SAVE_ARRAYS}",
    model_remedy="train the model with mnistcli or Keras",
)
KERAS = FileKind("a Keras model", _NO_DATASET, _USE_MODEL)
EXCEL = FileKind("an Excel workbook", "save the sheet as CSV", model_remedy=_NOT_A_MODEL)
HDF5 = FileKind(
    "an HDF5 file",
    _SAVE_ARRAYS,
    f"{_USE_MODEL}, or a dataset to evaluate with --dataset",
    suffixes=(".h5", ".hdf5"),
)
LITERT = FileKind(
    "a LiteRT model",
    "pass its .keras file to evaluate as MODEL",
    "pass its .keras file with --model",
    "use the .keras file or the run directory",
)
ONNX = FileKind(
    "an ONNX model",
    f"{_SAVE_MODEL} and pass that to evaluate as MODEL",
    f"{_SAVE_MODEL} and pass that with --model",
    _SAVE_MODEL,
)
ARROW = FileKind("an Arrow file", "save it with Dataset.to_parquet", model_remedy=_NOT_A_MODEL)
LIBSVM = FileKind(
    "a LIBSVM file",
    "read it with sklearn.datasets.load_svmlight_file and save it with numpy.savez",
    model_remedy=_NOT_A_MODEL,
)
JSON = FileKind(
    "a JSON file",
    f"load it and {_SAVE_ARRAYS}",
    model_remedy='save the whole model, model.save("m.keras")',
)
R_DATA = FileKind("an R data file", "save it as CSV with write.csv", model_remedy=_NOT_A_MODEL)
DATABASE = FileKind("an SQLite database", "save the table as CSV", model_remedy=_NOT_A_MODEL)
PDF = FileKind(
    "a PDF",
    "export its pages as PNG into folders 0 to 9",
    model_remedy=_NOT_A_MODEL,
    label="PDF",
    suffixes=(".pdf",),
)
HEIC = FileKind(
    "a HEIC photo",
    "export it as JPEG and use mnistcli predict",
    model_remedy=_NOT_A_MODEL,
    label="HEIC",
    suffixes=(".heic", ".heif", ".hif"),
)
AVIF = FileKind(
    "an AVIF photo",
    "export it as JPEG or PNG",
    "this Pillow cannot decode it; export it as JPEG or PNG",
    _NOT_A_MODEL,
)
"""Pillow decodes AVIF unless it was built without the decoder."""
IMAGE = FileKind("an image", "mnistcli predict reads it", model_remedy=_NOT_A_MODEL)


def _data_file(name: str, *suffixes: str) -> FileKind:
    remedy = f"give it the suffix {suffixes[0]}"
    return FileKind(name, remedy, model_remedy=_NOT_A_MODEL, suffixes=suffixes)


NPZ = _data_file("an .npz archive of arrays", ".npz")
NPY = _data_file("an .npy file of one array", ".npy")
PARQUET = _data_file("a Parquet file", ".parquet")
MATLAB = _data_file("a MATLAB file", ".mat")
TABLE = _data_file("a table of pixels", ".csv", ".tsv", ".arff")
IDX_NAME = re.compile(r"[-.]idx\d-", re.IGNORECASE)
"""Part of the names of IDX files, such as ``t10k-images-idx3-ubyte``."""


def _unsupported_image(name: str, label: str, *suffixes: str) -> FileKind:
    return FileKind(name, _AS_PNG, model_remedy=_NOT_A_MODEL, label=label, suffixes=suffixes)


JPEG_XL = _unsupported_image("a JPEG XL image", "JPEG XL", ".jxl")
POSTSCRIPT = _unsupported_image("a PostScript file", "PostScript", ".eps", ".ps")
JPEG_2000 = _unsupported_image("a JPEG 2000 image", "JPEG 2000", ".jp2", ".j2k")
PHOTOSHOP = _unsupported_image("a Photoshop image", "Photoshop", ".psd")
ICON = _unsupported_image("an icon", "icon", ".ico", ".icns")
SVG = _unsupported_image("an SVG image", "SVG", ".svg", ".svgz")

_NAMED = (HEIC, PDF, JPEG_XL, POSTSCRIPT, SVG, WEB_PAGE, JPEG_2000, PHOTOSHOP, ICON)
"""Kinds that are recognized by the file name."""
NOT_IMAGES = (*_NAMED, AVIF, LFS)
"""Kinds that people mistake for an image."""
MODEL_FILES = (KERAS, HDF5)
"""Kinds of files that models are loaded from."""
ARRAY_FILES = (NPZ, NPY, HDF5, PARQUET, MATLAB)
"""Kinds of files that datasets are read from."""

BOXES = FileKind(
    "a folder of images with boxes",
    "crop the digits into folders 0 to 9 first",
    model_remedy=_NOT_A_MODEL,
)
SAVED_MODEL = FileKind(
    "a SavedModel",
    f"{_SAVE_MODEL} and pass that to evaluate as MODEL",
    model_remedy=_SAVE_MODEL,
)
TFRECORDS = FileKind(
    "a folder of TFRecord files", f"load it and {_SAVE_ARRAYS}", model_remedy=_NOT_A_MODEL
)
CHECKPOINT = FileKind(
    "a checkpoint (weights without the model)",
    "a dataset is required",
    model_remedy='save the whole model, model.save("m.keras")',
)


def kind_of_name(name: str) -> FileKind | None:
    """Return the kind of a file by its suffix (file extension), such as HEIC; None for others."""
    suffix = Path(name).suffix.lower()
    return next((kind for kind in _NAMED if suffix in kind.suffixes), None)


def is_data_name(name: str) -> bool:
    """Return whether a file name belongs to a data file, which can be compressed with gzip."""
    suffixes = (suffix for kind in (*ARRAY_FILES, TABLE) for suffix in kind.suffixes)
    is_known = name.lower().removesuffix(".gz").endswith(tuple(suffixes))
    return is_known or IDX_NAME.search(name) is not None
