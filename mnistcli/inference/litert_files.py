"""LiteRT files: converted models with a signature of their origin.

LiteRT is not written for hostile files, so a file is used only if this machine created it. There
are two proofs: the file lies in the user's cache, or it is signed with the user's key. The LiteRT
file of the packaged model is known by its hash. Any other file, such as a tampered one or one in a
run directory that somebody else created, is ignored, and the model is converted again.
"""

import contextlib
import hashlib
import hmac
import json
import os
import zipfile
from collections.abc import Mapping
from functools import cache
from io import SEEK_END, BytesIO
from pathlib import Path
from typing import NamedTuple

from mnistcli.files.atomic import write_atomically
from mnistcli.files.hashing import sha256
from mnistcli.files.regular_files import open_regular
from mnistcli.files.user_directories import cache_dir
from mnistcli.files.zip_files import open_zip
from mnistcli.inference.interface_cache import Interface
from mnistcli.inference.signing_key import load_key
from mnistcli.mnist_format import NUM_CLASSES
from mnistcli.model_lookup import PRETRAINED_DIR

# A LiteRT file ends with a zip archive, as the format's own metadata tools write it; LiteRT ignores
# it. The entry of this name says which `.keras` file the model was created from.
_PROVENANCE_FILE = "mnistcli.txt"
_METADATA = {
    "labels.txt": "".join(f"{digit}\n" for digit in range(NUM_CLASSES)),
    "metadata.json": json.dumps(
        {
            "input": "float32 (n, 28, 28, 1), a light digit on a dark background",
            "pixel_range": [0, 1],
            "normalization": {"mean": 0, "std": 1},
            "output": "float32 (n, 10), probabilities of the labels",
            "labels": "labels.txt",
        },
        indent=2,
    ),
}
# The number changes with the conversion: files of older versions are not used.
_CACHE = "litert-2"
_MAX_PROVENANCE_BYTES = 400
_MAX_DIRECTORY_BYTES = 1 << 10
# A LiteRT file has about the size of its weights, of which a model has at most 100 MiB.
_MAX_BYTES = 200 << 20


class _Content(NamedTuple):
    """Content of a LiteRT file: the model, its hash and the signature; "-" without a signature."""

    model: bytes
    model_digest: str
    signature: str


def sidecar_path(path: Path) -> Path:
    """Return the path of the LiteRT file that belongs to a `.keras` file."""
    return path.with_suffix(".tflite")


def cache_key(digest: str, interface: Interface | None) -> str:
    """Return the name in the cache of a model, which is adapted according to its interface.

    Args:
        digest: SHA-256 of the model file.
        interface: The interface of an external model; None for a model of mnistcli.
    """
    return digest if interface is None else "-".join((digest, *interface))


def cached_file(key: str) -> Path:
    """Return the path in the cache of the LiteRT file of a model.

    Args:
        key: The result of `cache_key`.
    """
    return cache_dir() / _CACHE / f"{key}.tflite"


def attach_files(model: bytes, files: Mapping[str, str] | None = None) -> bytes:
    """Embed metadata in a LiteRT model: append a zip archive with its labels and normalization.

    Programs that show the classes of a LiteRT model read the labels there.

    Args:
        model: The model.
        files: More text files, keyed by name.

    Returns:
        The content of the LiteRT file.
    """
    content = BytesIO(model)
    content.seek(0, SEEK_END)
    with zipfile.ZipFile(content, "a") as archive:
        for name, text in {**_METADATA, **(files or {})}.items():
            archive.writestr(name, text)
    return content.getvalue()


def write_sidecar(path: Path, model: bytes, digest: str, *, signed: bool = True) -> None:
    """Write the LiteRT file beside a `.keras` file, signed with the user's key.

    If the key cannot be stored, the file is not signed.

    Args:
        path: The `.keras` file.
        model: The converted model.
        digest: SHA-256 of the `.keras` file.
        signed: Whether to sign it; the packaged file is known by its hash instead.

    Raises:
        OSError: The file cannot be written.
    """
    key = load_key(create=True) if signed else None
    signature = "-" if key is None else _sign(key, sha256(model), digest)
    _write(sidecar_path(path), model, digest, signature)


def write_cached(model: bytes, key: str) -> None:
    """Write a LiteRT file in the user's cache; without a cache, nothing is written."""
    with contextlib.suppress(OSError):
        path = cached_file(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(path, model, key, "-")


def read_sidecar(path: Path, digest: str) -> bytes | None:
    """Read the model in the LiteRT file beside a `.keras` file, if this machine created it.

    Args:
        path: The `.keras` file.
        digest: SHA-256 of the `.keras` file.

    Returns:
        The model; None if there is no file, or it is from another program or model.
    """
    content = _read(sidecar_path(path), digest)
    return content.model if content is not None and _is_trusted(content, digest) else None


def read_cached(key: str) -> bytes | None:
    """Read the model in a LiteRT file in the user's cache; None if there is none."""
    content = _read(cached_file(key), key)
    return None if content is None else content.model


def _is_trusted(content: _Content, digest: str) -> bool:
    """Return whether this machine, or the package, created a LiteRT file."""
    if content.signature == "-":
        return content.model_digest == _packaged_digest()
    key = load_key()
    return key is not None and hmac.compare_digest(
        content.signature, _sign(key, content.model_digest, digest)
    )


def _sign(key: bytes, model_digest: str, digest: str) -> str:
    message = f"mnistcli litert 1\n{model_digest}\n{digest}\n"
    return hmac.new(key, message.encode(), hashlib.sha256).hexdigest()


@cache
def _packaged_digest() -> str:
    """Return the SHA-256 of the packaged model in its LiteRT file, without the zip archive."""
    card = (PRETRAINED_DIR / "card.json").read_text(encoding="utf-8")
    return str(json.loads(card)["litert_sha256"])


def _write(path: Path, model: bytes, digest: str, signature: str) -> None:
    provenance = f"{len(model)} {sha256(model)} {digest} {signature}"
    write_atomically(path, attach_files(model, {_PROVENANCE_FILE: provenance}))


def _read(path: Path, digest: str) -> _Content | None:
    """Read a LiteRT file that was created from a certain `.keras` file; None for any other file."""
    try:
        content = _read_bytes(path)
        with (
            open_zip(BytesIO(content), max_directory_bytes=_MAX_DIRECTORY_BYTES) as archive,
            archive.open(_PROVENANCE_FILE) as stream,
        ):
            provenance = stream.read(_MAX_PROVENANCE_BYTES).decode()
        length, model_digest, source, *signature = provenance.split()
        model = content[: int(length)]
        if (sha256(model), source) != (model_digest, digest):
            return None
        return _Content(model, model_digest, *(signature or ["-"]))
    except Exception:  # noqa: BLE001 - zipfile can raise any exception on a damaged file
        return None


def _read_bytes(path: Path) -> bytes:
    """Read a regular file of limited size."""
    with open_regular(path) as stream:
        if os.fstat(stream.fileno()).st_size > _MAX_BYTES:
            raise OSError(0, "too large")
        return stream.read(_MAX_BYTES)
