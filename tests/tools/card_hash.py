"""Write the SHA-256 of the packaged LiteRT file into the model card, as `make pretrained` does.

Usage: python -m tests.tools.card_hash
"""

import json

from mnistcli.files import sha256, write_atomically
from mnistcli.model_store import PRETRAINED, find_model

if __name__ == "__main__":
    folder = find_model(PRETRAINED).files[0].parent
    path = folder / "card.json"
    card = json.loads(path.read_text(encoding="utf-8"))
    card["litert_sha256"] = sha256((folder / "model.tflite").read_bytes())
    write_atomically(path, json.dumps(card, indent=2, ensure_ascii=False) + "\n")
