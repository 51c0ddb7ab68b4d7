"""Names of splits, roles and digits: one table for keys, columns, files and folders.

`parse_name("X_train")` is the images of the training split, `digit_of_name("seven")` is 7.
"""

import re
from typing import NamedTuple

TRAIN, VALIDATION, TEST = "train", "validation", "test"
SPLITS = {
    TRAIN: ("train", "training", "trn", "tr"),
    VALIDATION: ("validation", "valid", "val", "dev"),
    TEST: ("test", "testing", "t10k", "te", "tst", "eval"),
}
"""The splits of a dataset, with the aliases of each."""

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
"""The aliases of each role, the most specific first."""

_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_FILLERS = {"digit", "digits", "class", "label", "number", "num", "no", "n", "d", "c", "cls"}
_NOISE = re.compile(r"idx\d|u?byte|int|\d+|gz|csv|npy|npz|mat|h5|hdf5|parquet|of")
_SPLIT_OF = {name: split for split, names in SPLITS.items() for name in names}
_ROLE_OF = {name: role for role, names in ROLES.items() for name in names}
_CAMEL_CASE = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class Name(NamedTuple):
    """The split, the role and the other words of a name.

    Attributes:
        split: The split of the dataset; None if the name has none.
        role: The role; None if the name has none.
        rest: All other words of the name, in lower case.
    """

    split: str | None
    role: str | None
    rest: tuple[str, ...] = ()


def parse_name(name: str) -> Name:
    """Find the split and the role in a name, regardless of its case and its other words."""
    split, roles, rest = None, set[str](), list[str]()
    for word in _words(name):
        if word in _SPLIT_OF:
            split = split or _SPLIT_OF[word]
        elif word in _ROLE_OF:
            roles.add(_ROLE_OF[word])
        elif (joined := _split_word(word)) is not None:
            split = split or _SPLIT_OF[joined[0]]
            roles.add(_ROLE_OF[joined[1]])
        elif not _NOISE.fullmatch(word):
            rest.append(word)
    role = next((role for role in ROLES if role in roles), None)
    return Name(split, role, tuple(rest))


def rank(name: str) -> int:
    """Return how specific the name of a role is: 0 for the most specific one."""
    order = [word for names in ROLES.values() for word in names]
    return min((order.index(word) for word in _words(name) if word in order), default=len(order))


def split_of_name(name: str) -> str | None:
    """Return the split that a file or folder is named after; None if other words occur."""
    found = parse_name(name)
    return None if found.rest or found.role == LABELS else found.split


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
    """Split a word such as ``xtrain`` or ``testlabels`` into a split and a role."""
    for split in _SPLIT_OF:
        if len(split) > 2 and word.startswith(split) and word[len(split) :] in _ROLE_OF:
            return split, word[len(split) :]
        if len(split) > 2 and word.endswith(split) and word[: -len(split)] in _ROLE_OF:
            return split, word[: -len(split)]
    return None
