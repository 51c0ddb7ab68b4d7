"""Exception hierarchy for failures that a user can fix.

    MnistCliError            base class: one line, one hint, no traceback, exit code 1
    ├── ConfigError          a setting or an option is invalid (exit code 2, a usage error)
    ├── DataError            a dataset is missing, damaged or in an unknown format
    │   └── DownloadError    a file could not be downloaded from any mirror
    ├── ImageError           an image cannot be read
    │   └── StoreError       an object or a folder in a store cannot be read
    ├── ModelError           a model cannot be found, loaded, run or converted
    ├── TrainingError        training cannot start or has failed
    ├── RunError             a run directory cannot be created, read, written or resumed
    ├── SweepError           the directory or the storage of a sweep cannot be used
    ├── PlotError            a plot is not available for a model
    ├── OutputError          a file or directory of results cannot be written
    ├── DeviceError          the requested device is not available
    └── ClusterError         a cluster or one of its workers cannot be used

Any other exception is a bug and shows its traceback.
"""

OTHER_MODEL = "--model pretrained"
"""The hint for a model or a run that cannot be used."""

OTHER_DATASET = "--dataset digits"
"""The hint for a dataset that cannot be used: the bundled digits are always available."""

OTHER_RUN_DIR = "--run-dir DIR"
"""The hint for a directory that training or a sweep cannot use."""

OTHER_PLOT = "--kind confusion"
"""The hint for a plot that a model cannot have: every model has this one."""


class MnistCliError(Exception):
    """Base class of user errors: failures that a user can fix.

    Args:
        message: One sentence without a period, such as ``no such file: 'a.png'``.
        hint: The command-line arguments to change, such as ``--dataset digits``; the command line
            prepends the command. Or a complete command, such as ``mnistcli runs``, or the rule that
            a file of the user breaks. None if nothing helps.
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class ConfigError(MnistCliError):
    """A setting or an option is invalid, such as zero epochs or an unknown recipe."""

    exit_code = 2


class DataError(MnistCliError):
    """A dataset is missing, damaged or in an unknown format."""


class DownloadError(DataError):
    """A file could not be downloaded from any mirror."""


class ImageError(MnistCliError):
    """An image is missing, in an unknown format, or damaged."""


class StoreError(ImageError):
    """An object or a folder in an object store cannot be read."""


class ModelError(MnistCliError):
    """A model is missing, damaged, unsafe, not a digit classifier, or cannot be converted."""


class TrainingError(MnistCliError):
    """Training cannot start or has failed, for example because the weights became NaN."""


class RunError(MnistCliError):
    """A run directory cannot be created, read, written or resumed."""


class SweepError(MnistCliError):
    """The directory or the storage of a sweep cannot be used."""


class PlotError(MnistCliError):
    """A plot is not available for a model, such as the history of a model outside a run."""


class OutputError(MnistCliError):
    """A file or directory of results cannot be written: predictions, figures, exported models."""


class DeviceError(MnistCliError):
    """The requested device is not available."""


class ClusterError(MnistCliError):
    """A cluster cannot be reached, or its workers cannot do the work."""


def os_reason(error: OSError, default: str = "input/output error") -> str:
    """Return why a system call failed in lower case, such as "no such file or directory".

    Args:
        error: The error of the system call.
        default: The text for an error without a reason.
    """
    return error.strerror.lower() if error.strerror else default
