"""Names of parts, roles and digits: one table for keys, columns, files and folders.

`classify("X_train")` is the images of the training part, `digit_of_name("seven")` is 7.
"""

import re
from typing import NamedTuple

TRAIN, VALIDATION, TEST = "train", "validation", "test"
"""The parts of a dataset."""
PARTS = {
    TRAIN: ("train", "training", "trn", "tr"),
    VALIDATION: ("validation", "valid", "val", "dev"),
    TEST: ("test", "testing", "t10k", "te", "tst", "eval"),
}
"""The names of each part."""

IMAGES, LABELS, INDEX = "images", "labels", "index"
"""The roles of an array or a column; the index is the identifier of an image."""
ROLES = {
    LABELS: ("labels", "label", "lbl", "y", "targets", "target", "classes", "class", "digit"),
    IMAGES: (
        *("images", "image", "imgs", "img", "x", "pixels", "pixel", "features", "inputs"),
        *("data", "samples"),
    ),
    INDEX: ("id", "ids", "imageid", "index", "idx"),
}
"""The names of each role, the most specific first."""

_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_FILLERS = {"digit", "digits", "class", "label", "number", "num", "no", "n", "d", "c", "cls"}
_NOISE = re.compile(r"idx\d|u?byte|int|\d+|gz|csv|npy|npz|mat|h5|hdf5|parquet|of")
_PART_OF = {name: part for part, names in PARTS.items() for name in names}
_ROLE_OF = {name: role for role, names in ROLES.items() for name in names}
_CAMEL_CASE = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class Name(NamedTuple):
    """The part, the role and the other words of a name.

    Attributes:
        part: The part of the dataset; None if the name does not say it.
        role: The role; None if the name does not say it.
        rest: All other words of the name, in lower case.
    """

    part: str | None
    role: str | None
    rest: tuple[str, ...] = ()


def classify(name: str) -> Name:
    """Find the part and the role in a name, whatever its case and its other words are."""
    part, roles, rest = None, set[str](), list[str]()
    for word in _words(name):
        if word in _PART_OF:
            part = part or _PART_OF[word]
        elif word in _ROLE_OF:
            roles.add(_ROLE_OF[word])
        elif (joined := _split_word(word)) is not None:
            part = part or _PART_OF[joined[0]]
            roles.add(_ROLE_OF[joined[1]])
        elif not _NOISE.fullmatch(word):
            rest.append(word)
    role = next((role for role in ROLES if role in roles), None)
    return Name(part, role, tuple(rest))


def rank(name: str) -> int:
    """Return how specific the name of a role is: 0 for the most specific one."""
    order = [word for names in ROLES.values() for word in names]
    return min((order.index(word) for word in _words(name) if word in order), default=len(order))


def part_of_name(name: str) -> str | None:
    """Return the part of a dataset by the name of its file or folder; None if other words occur."""
    found = classify(name)
    return None if found.rest or found.role == LABELS else found.part


def digit_of_name(name: str) -> int | None:
    """Return the digit that the name of a class means, such as ``7``, ``seven``, ``digit_7``.

    Args:
        name: The name of a folder or a label.
    """
    words = [word for word in re.split(r"[^a-z0-9]+", name.lower()) if word]
    words = [part for word in words for part in re.findall(r"[a-z]+|\d+", word)]
    digits = set()
    for word in words:
        if word.isdigit() and (len(word) == 1 or (word[0] == "0" and len(word) == 2)):
            digits.add(int(word))
        elif word in _WORDS:
            digits.add(_WORDS.index(word))
        elif word not in _FILLERS:
            return None
    return digits.pop() if len(digits) == 1 else None


def _words(name: str) -> list[str]:
    spaced = _CAMEL_CASE.sub(" ", name).lower()
    return [word for word in re.split(r"[^a-z0-9]+", spaced) if word]


def _split_word(word: str) -> tuple[str, str] | None:
    """Split a word such as ``xtrain`` or ``testlabels`` into a part and a role."""
    for part in _PART_OF:
        if len(part) > 2 and word.startswith(part) and word[len(part) :] in _ROLE_OF:
            return part, word[len(part) :]
        if len(part) > 2 and word.endswith(part) and word[: -len(part)] in _ROLE_OF:
            return part, word[: -len(part)]
    return None
