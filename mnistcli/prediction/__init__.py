"""Prediction: from paths, folders and standard input to predictions of the images.

`predict` finds the images, prepares and classifies them in parallel, and rejects uncertain ones.
"""
