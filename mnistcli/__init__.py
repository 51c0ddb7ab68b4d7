"""Train, understand and use a handwritten-digit classifier.

The main commands are functions here: `train`, `evaluate`, `predict` and `plot`.

>>> import mnistcli

>>> result = mnistcli.train("classic", dataset="digits", epochs=3, batch_size=32, run_dir="my-run")
>>> result.test.accuracy > 0.9
True

>>> evaluation = mnistcli.evaluate("my-run")
>>> evaluation.samples
360
>>> [file.name for file in mnistcli.plot("my-run", kinds=["confusion"])]
['confusion.png']

>>> from PIL import Image
>>> blank = Image.new("L", (100, 100), "white")
>>> prediction = mnistcli.predict(blank, model="pretrained")  # a path, an array, a list ...
>>> prediction.text, prediction.reason
('', 'no digit found')

>>> classifier = mnistcli.load_classifier("my-run")  # for digits in MNIST format
>>> import numpy as np
>>> classifier.predict(np.zeros((3, 28, 28), np.uint8)).shape
(3, 10)

Errors that a user can fix are `mnistcli.errors.MnistCliError`. With its lazy imports, this package
loads nothing else; the functions load their dependencies when they are called.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mnistcli.api import evaluate, load_classifier, plot, predict, train

    __version__: str

__all__ = ["__version__", "evaluate", "load_classifier", "plot", "predict", "train"]


def __getattr__(name: str) -> object:
    """Load a name of the public API when it is used for the first time (PEP 562)."""
    if name == "__version__":
        from importlib.metadata import version

        return version("mnistcli")
    if name in __all__:
        from mnistcli import api

        function: object = getattr(api, name)
        return function
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
