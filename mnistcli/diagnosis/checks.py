"""Check: the result of one check of an installation."""

from dataclasses import asdict, dataclass
from typing import Any

OK = "ok"
NOTE = "note"
"""Status of something optional that is missing, or that works with limitations."""
FAILED = "failed"
"""Status of something required that does not work."""


@dataclass(frozen=True)
class Check:
    """The result of one check.

    Attributes:
        name: The subject, such as ``TensorFlow``.
        status: `OK`, `NOTE` or `FAILED`.
        detail: The finding, in one sentence without a period.
        fix: The command that fixes it; None if nothing is wrong or no command helps.
    """

    name: str
    status: str
    detail: str
    fix: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the check as plain values for JSON."""
        return asdict(self)
