"""Custom architectures: build the Keras model that a function in a Python file of the user returns.

The file is arbitrary code. It is executed only to train a new model, and only if the command line
or the caller names it. Its copy in the run directory is for the reader. A trained model is loaded
like any other.
"""

import contextlib
import inspect
import shlex
import sys
import textwrap
import traceback
import types
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, Self

import keras
import numpy as np

from mnistcli import checkpoints
from mnistcli.architectures import INPUT_NAME, INPUT_SHAPE
from mnistcli.config import split_custom_architecture
from mnistcli.errors import ModelError, TrainingError, os_reason
from mnistcli.files.atomic import temporary_directory
from mnistcli.files.hashing import sha256
from mnistcli.inference.litert_conversion import build_keras_predictor
from mnistcli.mnist_format import NUM_CLASSES
from mnistcli.suggestions import find_similar

_MODULE = "mnistcli_custom_architecture"
_MAX_BYTES = 1 << 20
_MAX_MESSAGE = 300  # characters; Keras writes whole paragraphs
_SUM_TOLERANCE = 1e-3
_PROBE_IMAGES = 4


@dataclass(frozen=True)
class CustomArchitecture:
    """A function in a Python file that returns a Keras model.

    Attributes:
        path: The file.
        function: Name of the function. It takes no arguments.
        source: Content of the file.
    """

    path: Path
    function: str
    source: bytes

    @classmethod
    def read(cls, arch: str, copy: Path) -> Self:
        """Read the file of an architecture, such as ``net.py:build``, without executing it.

        Args:
            arch: File and function.
            copy: The copy of the file in the run, if the run has started.

        Raises:
            TrainingError: The file is missing, cannot be read or is too large, or no function is
                named.
        """
        file, function = split_custom_architecture(arch)
        path = Path(file)
        if not function:
            raise TrainingError(
                f"{file!r} requires the name of a function", hint=_option(path, "build")
            )
        other = _option(copy, function) if copy.is_file() else "--arch classic"
        try:
            if not path.exists():
                raise TrainingError(f"no such file: {file!r}", hint=other)
            if not path.is_file() or path.stat().st_size > _MAX_BYTES:
                raise TrainingError(f"not a Python file: {file!r}", hint=other)
            return cls(path, function, path.read_bytes())
        except OSError as error:
            raise TrainingError(f"cannot read {file!r}: {os_reason(error)}", hint=other) from error

    @property
    def name(self) -> str:
        """The function with the absolute path of its file."""
        return f"{self.path.resolve()}:{self.function}"

    @property
    def digest(self) -> str:
        """The SHA-256 hash of the file."""
        return sha256(self.source)

    def require_digest(self, digest: str | None, copy: Path) -> None:
        """Check that the file is the one that a run started with.

        Args:
            digest: The hash in the config of the run; None if it has not started.
            copy: The copy of the file in the run.

        Raises:
            TrainingError: The file has changed.
        """
        if digest is not None and digest != self.digest:
            raise TrainingError(
                f"{str(self.path)!r} has changed since the run started; its copy is {str(copy)!r}",
                hint=_option(copy, self.function),
            )

    def build(self) -> keras.Model:
        """Execute the file and the function, and check the model.

        The output of the file goes to stderr, because stdout is for results.

        Returns:
            An uncompiled model of stock layers that maps float32 (n, 28, 28, 1) to probabilities
            (n, 10), with the weights that the function gave it.

        Raises:
            TrainingError: The file or the function fails, or its model is of another kind.
        """
        policy = keras.config.dtype_policy()
        try:
            with contextlib.redirect_stdout(sys.stderr):
                function = self._load_function()
                model = self._run(function, function)
        finally:
            keras.config.set_dtype_policy(policy)
        return self._check_and_rename(model, function)

    def _load_function(self) -> Callable[[], Any]:
        module = types.ModuleType(_MODULE)
        module.__file__ = str(self.path)
        sys.modules[_MODULE] = module  # dataclasses look themselves up there
        self._run(lambda: exec(self._compile(), module.__dict__), None)  # noqa: S102 - the user's own file
        function = getattr(module, self.function, None)
        if not callable(function):
            names = [name for name, value in vars(module).items() if inspect.isfunction(value)]
            similar = find_similar(self.function, names)
            suggestion = f"; did you mean {similar!r}?" if similar else ""
            raise TrainingError(
                f"no function {self.function!r} in {str(self.path)!r}{suggestion}",
                hint=_option(self.path, similar or next(iter(names), "build")),
            )
        found: Callable[[], Any] = function
        return found

    def _compile(self) -> types.CodeType:
        return compile(self.source, str(self.path), "exec", dont_inherit=True)

    def _run(self, code: Callable[[], Any], function: Callable[..., Any] | None) -> Any:
        """Run code of the user.

        Raises:
            TrainingError: The code fails; the message names the last line of the file that was
                reached.
        """
        try:
            return code()
        except (Exception, SystemExit) as error:  # noqa: BLE001 - user code can raise any exception
            line = self._find_line(error) or _first_line(function)
            message = error.msg if isinstance(error, SyntaxError) else str(error)
            self._fail(f"{type(error).__name__}: {message}", line, error)

    def _find_line(self, error: BaseException) -> int | None:
        """Return the number of the last line of the file that an error has passed."""
        if isinstance(error, SyntaxError) and error.filename == str(self.path):
            return error.lineno
        frames = traceback.extract_tb(error.__traceback__)
        lines = [frame.lineno for frame in frames if frame.filename == str(self.path)]
        return lines[-1] if lines else None

    def _check_and_rename(self, model: Any, function: Callable[..., Any]) -> keras.Model:
        """Check a model, and give its input the standard name.

        Raises:
            TrainingError: The model is of another kind.
        """
        line = _first_line(function)
        try:
            model = _load_again(_rename_input(_require_shapes(model)))
            _require_probabilities(model)
        except (_UnsuitableError, ModelError) as error:
            self._fail(f"{self.function}() {error}", line, error)
        except Exception as error:  # noqa: BLE001 - user layers can raise any exception
            line = self._find_line(error) or line
            self._fail(f"{type(error).__name__}: {error}", line, error)
        return model

    def _fail(self, message: str, line: int | None, error: BaseException) -> NoReturn:
        place = f"{str(self.path)!r}, line {line}" if line else repr(str(self.path))
        shortened = textwrap.shorten(message, _MAX_MESSAGE, placeholder=" ...")
        raise TrainingError(f"{place}: {shortened}") from error


class _UnsuitableError(Exception):
    """A model that cannot be trained or loaded; the message continues after the function's name."""


def _require_shapes(model: Any) -> keras.Model:
    """Return a model that maps one image to ten values; one without an input is built.

    Raises:
        _UnsuitableError: The function does not return a Keras model, or its input or output has
            a different shape.
    """
    if not isinstance(model, keras.Model):
        raise _UnsuitableError(f"returns {type(model).__name__}, not a Keras model")
    if isinstance(model, keras.Sequential) and not model.built:
        model.build((None, *INPUT_SHAPE))
    if not hasattr(model, "input_shape"):
        raise _UnsuitableError(
            f"returns {type(model).__name__}, not a Sequential or functional model"
        )
    if (model.input_shape, model.output_shape) != ((None, *INPUT_SHAPE), (None, NUM_CLASSES)):
        raise _UnsuitableError(
            f"returns a model that maps {model.input_shape} to {model.output_shape}, "
            f"not {(None, *INPUT_SHAPE)} to {(None, NUM_CLASSES)}"
        )
    if not model.trainable_weights:
        raise _UnsuitableError("returns a model without trainable weights")
    return model


def _rename_input(model: keras.Model) -> keras.Model:
    """Return a model whose input has the standard name, which encodes the pixel scale."""
    image = keras.Input(INPUT_SHAPE, name=INPUT_NAME)
    if isinstance(model, keras.Sequential):
        return keras.Sequential([image, *model.layers], name=model.name)
    renamed = keras.models.clone_model(model, input_tensors=image)
    renamed.set_weights(model.get_weights())
    return renamed


def _load_again(model: keras.Model) -> keras.Model:
    """Return a model after a round trip: saved and loaded, as a trained one will be.

    Raises:
        ModelError: The model cannot be loaded, because it has more than stock layers.
        OSError: There is no temporary directory.
    """
    with temporary_directory() as directory:
        path = directory / "model.keras"
        checkpoints.save(model, path)
        try:
            return checkpoints.load(path)
        except ModelError as error:
            reason = error.message.replace(f"{str(path)!r}", "returns a model that")
            raise ModelError(reason) from error


def _require_probabilities(model: keras.Model) -> None:
    """Check that the outputs for random images are probability distributions, as a softmax gives.

    Raises:
        _UnsuitableError: The outputs are not the probabilities of ten classes.
    """
    images = np.random.default_rng(0).random((_PROBE_IMAGES, *INPUT_SHAPE), np.float32)
    outputs = build_keras_predictor(model)(images)
    sums = outputs.sum(axis=1)
    if not (outputs >= 0).all() or np.abs(sums - 1).max() > _SUM_TOLERANCE:
        raise _UnsuitableError(
            "returns a model whose outputs are not probabilities; end with "
            f"keras.layers.Dense({NUM_CLASSES}, 'softmax')"
        )


def _option(path: Path, function: str) -> str:
    return f"--arch {shlex.quote(f'{path}:{function}')}"


def _first_line(function: Callable[..., Any] | None) -> int | None:
    """Return the line on which a function is defined; None if that is not known."""
    code = getattr(function, "__code__", None)
    return None if code is None else code.co_firstlineno
