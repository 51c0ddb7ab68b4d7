"""Usage examples at the end of each command's help (its epilog)."""

FIRST_STEPS = """Examples:

    mnistcli predict photo.png           # no training needed
    mnistcli draw                        # a page to draw on (draw extra)
    mnistcli train --dataset digits      # no download, a few seconds
    mnistcli evaluate --report
    mnistcli train --help
"""
"""The examples of the program."""

EXAMPLES = {
    "train": """Examples:

    mnistcli train                                     # recipe classic on MNIST
    mnistcli train --recipe accurate --run-dir my-run
    mnistcli train --optimizer sgd --epochs 10
    mnistcli train --dataset digits --limit 500        # small and fast
    mnistcli train --from pretrained --dataset my-digits/
    mnistcli train --arch net.py:build                 # your own Keras model
    mnistcli train --recipe fast --seeds 0..9          # ten seeds
""",
    "sweep": """Examples:

    mnistcli sweep --vary lr=1e-4..1e-2:log --vary optimizer=adam,sgd
    mnistcli sweep --recipe deep --vary dropout=0..0.5 --hours 2
    mnistcli sweep --vary dropout=0..0.5 --run-dir s   # after Ctrl-C
""",
    "evaluate": """Examples:

    mnistcli evaluate --report                         # the newest run
    mnistcli evaluate pretrained --dataset my-digits/
    mnistcli evaluate runs/a runs/b --json             # their average, and each
    mnistcli evaluate runs/seeds --seeds all           # mean and spread
""",
    "predict": """Examples:

    mnistcli predict photo.png
    mnistcli predict scans/ --recursive --json
    mnistcli predict *.png --model pretrained --save predictions.png
    mnistcli predict - < photo.png
    mnistcli predict scans/ --output scans.jsonl --continue   # after Ctrl-C
""",
    "draw": """Examples:

    mnistcli draw                                      # opens the browser
    mnistcli draw pretrained --port 0 --no-open
    mnistcli draw --corrections my-digits/
    mnistcli draw --export page.html                   # for a phone, offline
""",
    "plot": """Examples:

    mnistcli plot                                      # of the newest run
    mnistcli plot runs/a --kind history,confusion
    mnistcli plot pretrained --kind mistakes --count 100 --output-dir figures
    mnistcli plot --kind calibration,embedding --format svg
""",
    "export": """Examples:

    mnistcli export pretrained                         # LiteRT
    mnistcli export runs/a --format int8 --output phone.tflite
    mnistcli export m.keras --format saved_model
""",
    "runs": """Examples:

    mnistcli runs                                      # the newest last
    mnistcli runs experiments --json
""",
    "compare": """Examples:

    mnistcli compare runs/a runs/b
    mnistcli compare latest pretrained --dataset my-digits/
    mnistcli compare runs/* --json
""",
    "recipes": """Examples:

    mnistcli recipes
    mnistcli recipes accurate --json
""",
    "doctor": """Examples:

    mnistcli doctor
    mnistcli doctor --json > report.json               # for a bug report
""",
}
"""The examples of each command."""
