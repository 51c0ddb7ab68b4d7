"""Mutations: change bytes, JSON and archives at random, so that later checks are reached."""

import copy
import gzip
import io
import json
import random
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

import h5py
import numpy as np

_NUMBERS = (0, 1, -1, 2, 10, 255, 256, 65535, 2**31 - 1, 2**31, 2**32 - 1, 2**63, 10**30, 1e308)
_VALUES: tuple[Any, ...] = (
    None, True, False, "", "x", "\x1b[31m", "keras", "a" * 5000, [], {}, [[]], float("nan"), [0] * 99,
    *_NUMBERS,
)  # fmt: skip


def mutate_bytes(content: bytes, rng: random.Random) -> bytes:
    """Change, insert, remove and repeat some bytes."""
    data = bytearray(content)
    for _ in range(rng.choice((1, 1, 1, 2, 4, 8))):
        _change(data, rng)
    return bytes(data)


def mutate_json(content: bytes, rng: random.Random) -> bytes:
    """Change some values of a JSON document, or its bytes."""
    if rng.random() < 0.2:
        return mutate_bytes(content, rng)
    document = json.loads(content)
    for _ in range(rng.choice((1, 1, 2, 4))):
        places = list(_places(document))
        if places:
            node, key = rng.choice(places)
            _change_value(node, key, rng)
    return json.dumps(document).encode()


def mutate_png(content: bytes, rng: random.Random) -> bytes:
    """Change chunks of a PNG and correct their checksums, most of the time."""
    if rng.random() < 0.2:
        return mutate_bytes(content, rng)
    chunks, at = [], 8
    while at + 12 <= len(content):
        (length,) = struct.unpack_from(">I", content, at)
        chunks.append((content[at + 4 : at + 8], content[at + 8 : at + 8 + length]))
        at += 12 + length
    index = rng.randrange(len(chunks))
    kind, data = chunks[index]
    if kind == b"IDAT" and rng.random() < 0.5:
        data = zlib.compress(mutate_bytes(zlib.decompress(data), rng))
    else:
        data = mutate_bytes(data, rng)
    chunks[index] = kind, data
    if rng.random() < 0.1:
        chunks.insert(index, rng.choice(chunks))
    return content[:8] + b"".join(map(_png_chunk, chunks))


def mutate_zip(content: bytes, rng: random.Random) -> bytes:
    """Change members of a zip archive and write it again, most of the time."""
    if rng.random() < 0.2:
        return mutate_bytes(content, rng)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = [(name, archive.read(name)) for name in archive.namelist()]
    index = rng.randrange(len(members))
    name, data = members[index]
    change = mutate_json if name.endswith(".json") else mutate_bytes
    if name.endswith((".h5", ".npy")):  # the structure of these files is at their start
        start = 4096 if name.endswith(".h5") else 128
        data = mutate_bytes(data[:start], rng) + data[start:]
    else:
        data = change(data, rng)
    members[index] = name, data
    stream = io.BytesIO()
    compression = zipfile.ZIP_DEFLATED if rng.random() < 0.1 else zipfile.ZIP_STORED
    with zipfile.ZipFile(stream, "w", compression) as archive:
        for member, value in members:
            archive.writestr(member, value)
    return stream.getvalue()


def mutate_start(content: bytes, rng: random.Random) -> bytes:
    """Change the start of a file, where its structure is, most of the time."""
    length = len(content) if rng.random() < 0.2 else rng.choice((64, 256, 1024, 4096))
    return mutate_bytes(content[:length], rng) + content[length:]


def mutate_legacy_model(content: bytes, rng: random.Random) -> bytes:
    """Change the configuration of an `.h5` model or the structure of the file."""
    if rng.random() < 0.5:
        return mutate_start(content, rng)
    stream = io.BytesIO(content)
    with h5py.File(stream, "r+") as file:
        config = mutate_json(file.attrs["model_config"].encode(), rng)
        file.attrs["model_config"] = np.bytes_(config[:60_000])  # HDF5 takes 64 kB
    return stream.getvalue()


def mutate_gzip(content: bytes, rng: random.Random) -> bytes:
    """Change the content of a compressed file, most of the time."""
    if rng.random() < 0.2:
        return mutate_bytes(content, rng)
    return gzip.compress(mutate_start(gzip.decompress(content), rng), compresslevel=1)


def _change(data: bytearray, rng: random.Random) -> None:
    at = rng.randrange(len(data) + 1)
    kind = rng.randrange(6)
    if kind == 0 and at < len(data):
        data[at] ^= 1 << rng.randrange(8)
    elif kind == 1 and at < len(data):
        data[at] = rng.choice((0, 1, 127, 128, 255, rng.randrange(256)))
    elif kind == 2:
        number = rng.choice(_NUMBERS[:12])
        width = rng.choice((1, 2, 4, 8))
        order = rng.choice(("big", "little"))
        data[at : at + width] = (number % 256**width).to_bytes(width, order)
    elif kind == 3:
        data[at:at] = rng.randbytes(rng.randrange(1, 16))
    elif kind == 4:
        del data[at : at + rng.randrange(1, 64)]
    elif rng.random() < 0.2:
        del data[at:]
    else:
        source = rng.randrange(len(data) + 1)
        data[at:at] = data[source : source + rng.randrange(1, 64)]


def _places(node: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each container of a document with each of its keys."""
    items = node.items() if isinstance(node, dict) else enumerate(node)
    for key, value in list(items):
        yield node, key
        if isinstance(value, dict | list):
            yield from _places(value)


def _change_value(node: Any, key: Any, rng: random.Random) -> None:
    kind = rng.randrange(6)
    if kind == 0 and isinstance(node, dict):
        node[rng.choice(("class_name", "config", "module", "x", "seed"))] = copy.deepcopy(
            node.get(key)
        )
    elif kind == 1 and isinstance(node, dict):
        node.pop(key, None)
    elif kind == 2 and isinstance(node, list) and len(node) < 1000:
        node.append(copy.deepcopy(node[key]) if key < len(node) else None)
    elif kind == 3 and isinstance(node, dict) and isinstance(node.get(key), int):
        node[key] = node[key] * rng.choice((-1, 2, 10, 1000, 10**6)) + rng.choice((-1, 0, 1))
    elif isinstance(node, dict) or key < len(node):
        node[key] = copy.deepcopy(rng.choice(_VALUES))


def _png_chunk(chunk: tuple[bytes, bytes]) -> bytes:
    kind, data = chunk
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
