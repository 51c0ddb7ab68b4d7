"""Everything that can go wrong through no fault of the program.

    MnistCliError            a person can mend it: one line, one hint, no traceback
    ├── ConfigError          a setting that cannot be (exit code 2: how it was called)
    ├── DataError            a data set is missing, damaged or of the wrong form
    │   └── DownloadError    no mirror gave the file that was asked for
    ├── ImageError         a picture cannot be read
    ├── CheckpointError      a model file is missing, damaged or of the wrong form
    ├── TrainingError        a training that cannot come to anything
    ├── RunError             a run directory cannot be made, found or written
    └── DeviceError          the processor that was asked for is not there

Any other exception is a bug and keeps its traceback.
"""


class MnistCliError(Exception):
    """An expected failure: what was wrong, and what to type instead.

    Args:
        message: One sentence without a full stop, such as ``no such file: 'a.png'``.
        hint: A command to type that leads on, or None where none would help.
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class ConfigError(MnistCliError):
    """A setting that cannot be, such as zero epochs or an unknown recipe."""

    exit_code = 2


class DataError(MnistCliError):
    """A data set is missing, damaged or of the wrong form."""


class DownloadError(DataError):
    """No mirror gave the file that was asked for."""


class ImageError(MnistCliError):
    """A picture is missing, is no picture, or cannot be decoded."""


class CheckpointError(MnistCliError):
    """A model file is missing, damaged, unsafe or of the wrong form."""


class TrainingError(MnistCliError):
    """A training that cannot come to anything, such as one whose loss is no number any more."""


class RunError(MnistCliError):
    """A run directory cannot be made, found or written."""


class DeviceError(MnistCliError):
    """The processor that was asked for is not there."""
