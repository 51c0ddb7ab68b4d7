"""Shared datasets: a dataset of the caller that the workers of a cluster load as well."""

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from mnistcli import datasets
from mnistcli.datasets.dataset import Splits
from mnistcli.errors import ClusterError
from mnistcli.files.user_directories import DATA_DIR_VARIABLE


@dataclass(frozen=True)
class SharedDataset:
    """A handle of a dataset that other processes load: its images are not serialized.

    Attributes:
        name: The name, as accepted by `mnistcli.datasets.load`, or an absolute path.
        data_dir: Directory of the MNIST files; None for the default.
        digest: SHA-256 (fingerprint) of the images and labels: a worker may have different images.
    """

    name: str
    data_dir: Path | None
    digest: str

    @classmethod
    def create(cls, splits: Splits, data_dir: Path | None) -> "SharedDataset":
        """Describe a dataset for the workers.

        Args:
            splits: The dataset.
            data_dir: Directory of the MNIST files; None for the default.
        """
        folder = data_dir or os.environ.get(DATA_DIR_VARIABLE)
        return cls(splits.name, Path(folder).absolute() if folder else None, _hash(splits))

    def load(self) -> Splits:
        """Load the dataset in a worker, once until another one is loaded.

        Raises:
            ClusterError: The worker has different images.
            MnistCliError: The errors of `mnistcli.datasets.load`.
        """
        return _load(self)


@lru_cache(maxsize=1)
def _load(dataset: SharedDataset) -> Splits:
    splits = datasets.load(dataset.name, data_dir=dataset.data_dir)
    if _hash(splits) != dataset.digest:
        raise ClusterError(f"a worker has different images for the dataset {dataset.name!r}")
    return splits


def _hash(splits: Splits) -> str:
    parts = [splits.train, splits.test, *([splits.validation] if splits.validation else [])]
    return " ".join(part.sha256() for part in parts)
