"""Refusal: the exception for a model file that is intact but not acceptable."""


class RefusedModelError(Exception):
    """A model file is refused; the caller turns it into a `ModelError`.

    Args:
        reason: The end of a sentence that begins with the name of the file, such as
            ``has more than 500 layers``.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def require(condition: bool, reason: str) -> None:
    """Raise a `RefusedModelError` unless a condition holds."""
    if not condition:
        raise RefusedModelError(reason)


def shorten(value: object) -> str:
    """Return text from a file for a message: on one line, truncated, control characters escaped."""
    text = str(value)[:200]
    return ascii(text)[1:-1][:100]
