"""Put the model of a finished run into the package, with the hash of its LiteRT file in the card.

Usage: python -m tests.tools.package_model RUN
"""

import json
import shutil
import sys
from pathlib import Path

from mnistcli.files.hashing import sha256
from mnistcli.inference.litert_files import read_sidecar, write_sidecar
from mnistcli.model_lookup import PRETRAINED, find_model
from mnistcli.runs.json_files import write_json


def package_model(run: Path, package: Path) -> None:
    """Copy the files of a run into the directory of the packaged model.

    Args:
        run: The run directory.
        package: The directory; it holds the model card.
    """
    for name in ("config.json", "history.csv", "model.keras"):
        shutil.copy(run / name, package / name)
    metrics = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
    metrics["run"] = PRETRAINED  # not a path of this machine
    write_json(package / "metrics.json", metrics)
    model_file = package / "model.keras"
    digest = sha256(model_file.read_bytes())
    litert = read_sidecar(run / "model.keras", digest)
    if litert is None:
        sys.exit(f"no LiteRT file of this machine in {run}")
    write_sidecar(model_file, litert, digest, signed=False)
    card = json.loads((package / "card.json").read_text(encoding="utf-8"))
    card["litert_sha256"] = sha256(litert)
    write_json(package / "card.json", card)


if __name__ == "__main__":
    package_model(Path(sys.argv[1]), find_model(PRETRAINED).files[0].parent)
