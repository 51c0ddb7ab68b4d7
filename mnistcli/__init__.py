"""Train, understand and use a handwritten-digit classifier.

The command line is a skin; everything it does is here for programs too:

>>> from pathlib import Path
>>> from mnistcli import datasets
>>> from mnistcli.config import resolve
>>> from mnistcli.inference import Classifier
>>> from mnistcli.runs import Run
>>> from mnistcli.training.loop import train

>>> config = resolve("classic", dataset="digits", epochs=5, batch_size=32)
>>> data = datasets.load(config.dataset)
>>> result = train(config, data, Run.create(config, Path("my-run")))
>>> result.test.accuracy > 0.9
True

>>> classifier = Classifier.load(result.run.model_file)
>>> classifier.predict(data.test.images).shape
(360, 10)

Importing this package does nothing; importing `mnistcli.training.loop` or `mnistcli.inference` imports
Keras.
"""
