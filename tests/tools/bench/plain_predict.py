"""Predict one image with a `.keras` file and Keras: the baseline of `mnistcli predict`.

Usage: python plain_predict.py MODEL IMAGE
"""

import sys

import keras
import numpy as np
from PIL import Image

model = keras.saving.load_model(sys.argv[1], compile=False)
with Image.open(sys.argv[2]) as image:
    pixels = np.asarray(image.convert("L").resize((28, 28)), np.float32) / 255
print(int(np.argmax(model(pixels[None, :, :, None]))))
