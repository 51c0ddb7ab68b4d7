"""Label encodings: read digits from integers, floats, one-hot rows, text and a column."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistcli.datasets.name_parsing import digit_of_name
from mnistcli.errors import DataError

_EMNIST_MAXIMA = (46, 61)  # of the labels of EMNIST balanced, bymerge and byclass


def to_digits(labels: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.bool_], list[str]]:
    """Convert class labels in any encoding to digits.

    Args:
        labels: Integers, whole floats or text, (n,), (n, 1) or (1, n); or one-hot rows (n, 10).
            MATLAB counts from 1, so 10 is 0 if no label is 0. In EMNIST's sets with letters, only
            the digits are used.

    Returns:
        int64 (n,); which images to use, bool (n,); and notes.

    Raises:
        DataError: The labels have another encoding, or are not digits.
    """
    values = _to_integers(_flatten(labels))
    use, notes = np.ones(len(values), bool), list[str]()
    if not len(values):
        return values, use, notes
    low, high = int(values.min()), int(values.max())
    if (low, high) == (1, 10):
        notes.append("label 10 is the digit 0")
        values = np.where(values == 10, 0, values)
    elif low == 0 and high in _EMNIST_MAXIMA:
        use = values < 10
        notes.append(f"skipped {(~use).sum():,} images of letters (labels 10 to {high})")
    elif not 0 <= low <= high <= 9:
        letters = ": letters, not digits" if (low, high) == (1, 26) else ""
        raise DataError(f"labels range from {low} to {high}, not from 0 to 9{letters}")
    return values, use, notes


def _flatten(labels: NDArray[Any]) -> NDArray[Any]:
    if labels.ndim == 2 and 1 in labels.shape:
        return labels.reshape(-1)
    if labels.ndim == 2 and labels.shape[1] == 10 and _is_one_hot(labels):
        digits: NDArray[Any] = labels.argmax(axis=1)
        return digits
    if labels.ndim != 1:
        raise DataError(f"labels are {labels.dtype} {labels.shape}, not int64 (n,)")
    return labels


def _is_one_hot(labels: NDArray[Any]) -> bool:
    return bool(
        labels.dtype.kind in "biuf"
        and ((labels == 0) | (labels == 1)).all()
        and (labels.sum(axis=1) == 1).all()
    )


def _to_integers(labels: NDArray[Any]) -> NDArray[np.int64]:
    if labels.dtype.kind in "SU":
        return _text_to_digits(labels)
    if labels.dtype.kind == "f" and not (np.isfinite(labels) & (labels == np.rint(labels))).all():
        raise DataError("labels are not whole numbers")
    if labels.dtype.kind not in "iuf":
        raise DataError(f"labels are {labels.dtype} {labels.shape}, not int64 (n,)")
    return labels.astype(np.int64)


def _text_to_digits(labels: NDArray[Any]) -> NDArray[np.int64]:
    names, inverse = np.unique(labels, return_inverse=True)
    texts = [name.decode("latin-1") if isinstance(name, bytes) else str(name) for name in names]
    digits = [digit_of_name(text) for text in texts]
    for text, digit in zip(texts, digits, strict=True):
        if digit is None:
            raise DataError(f"label {text!r} is not a digit")
    return np.array(digits, np.int64)[inverse]
