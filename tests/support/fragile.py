"""Worker processes that fail: on some images they crash, on others they have a bug."""

import os

from mnistcli.prediction import worker_program
from mnistcli.prediction.image_listing import InputImage
from mnistcli.prediction.preparation import Preparation, Prepared
from mnistcli.preprocessing.shapes import Classify


class Fragile(Preparation):
    """A preparation whose process crashes on some images, and that has a bug on others."""

    def prepare(self, found: InputImage, classify: Classify) -> Prepared:
        if "crash" in found.path.name:
            os._exit(1)
        if "bug" in found.path.name:
            raise KeyError(found.path.name)
        return super().prepare(found, classify)


def run_worker(*, single: bool, digit_counts: range | None) -> None:
    """Run a worker process with this preparation."""
    vars(worker_program)["Preparation"] = Fragile
    worker_program.run_worker(single=single, digit_counts=digit_counts)
