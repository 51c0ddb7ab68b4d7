"""Reading one picture with a `.keras` file and Keras: the yardstick of `mnistcli predict`.

Usage: python plain_predict.py MODEL PICTURE
"""

import sys

import keras
import numpy as np
from PIL import Image

model = keras.saving.load_model(sys.argv[1], compile=False)
with Image.open(sys.argv[2]) as picture:
    image = np.asarray(picture.convert("L").resize((28, 28)), np.float32) / 255
print(int(np.argmax(model(image[None, :, :, None]))))
