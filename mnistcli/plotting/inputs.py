"""Inputs of plots: a model, a dataset, and values that are lazily computed from them."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # help does without them
    import numpy as np
    from numpy.typing import NDArray

    from mnistcli.datasets import Dataset, Splits
    from mnistcli.evaluation import Evaluation
    from mnistcli.inference.digit_classifier import DigitClassifier
    from mnistcli.model_lookup import ModelRef
    from mnistcli.runs.run import Run


@dataclass(frozen=True, eq=False)
class PlotInputs:
    """The inputs of the plots: a model and a dataset. Nothing is computed before a plot needs it.

    Attributes:
        model_ref: The model.
        dataset_name: Name of the dataset.
        dataset: Images that the model was not trained on.
        count: Maximum number of digits in samples, mistakes and occlusion maps.
        seed: Random seed of the samples and of the digits in the embedding.
        known_evaluation: The evaluation of the model on `dataset`, if it has already been computed.
        splits: The whole dataset with its training images, if it is known.
    """

    model_ref: "ModelRef"
    dataset_name: str
    dataset: "Dataset"
    count: int
    seed: int
    known_evaluation: "Evaluation | None" = None
    splits: "Splits | None" = None

    @property
    def run(self) -> "Run":
        """The run directory of a single model."""
        from mnistcli.runs.run import Run

        return self.model_ref.run or Run(self.model_ref.files[0].parent)

    @cached_property
    def evaluation(self) -> "Evaluation":
        """The evaluation of the model on the dataset."""
        if self.known_evaluation is not None:
            return self.known_evaluation
        from mnistcli.evaluation import evaluate

        return evaluate(self.classifier, self.dataset)

    @cached_property
    def classifier(self) -> "DigitClassifier":
        """The classifier of the model."""
        from mnistcli.inference.loading import load_classifier

        return load_classifier(self.model_ref.files)

    @cached_property
    def keras_model(self) -> Any:
        """The Keras model of a single model; loading it starts TensorFlow."""
        from mnistcli.system.keras_startup import start_quietly

        start_quietly()
        from mnistcli.inference.interface_detection import load_model

        return load_model(self.model_ref)

    def random_indices(self, count: int) -> "NDArray[np.intp]":
        """Return the indices of up to `count` random images of the dataset, by the seed."""
        import numpy as np

        return np.random.default_rng(self.seed).permutation(len(self.dataset))[:count]
