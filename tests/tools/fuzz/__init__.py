"""Fuzzing: mutated images, models, datasets and runs, each of which must end in a named error.

    python -m tests.tools.fuzz --seconds 60
    python -m tests.tools.fuzz --count 100000 --kind images

A case is reproduced by its kind, seed and number. Failures are uncaught exceptions, dead processes,
cases of more than 5 seconds and processes of more than 1 GB.
"""
