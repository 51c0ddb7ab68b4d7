"""Training loop: images in memory, addressed by indices."""

import keras
import numpy as np

from mnistcli.training.loop import ImageStore


def test_the_image_store_returns_images_by_index() -> None:
    images = np.random.default_rng(0).integers(0, 256, (5, 28, 28), np.uint8)

    batch = keras.ops.convert_to_numpy(ImageStore(images)(np.array([4, 0, 4])))

    assert batch.dtype == np.float32
    np.testing.assert_allclose(batch, images[[4, 0, 4], :, :, None] / np.float32(255), rtol=1e-6)


def test_the_image_store_holds_bytes_that_are_not_trained() -> None:
    store = ImageStore(np.zeros((2, 28, 28), np.uint8))

    assert store.trainable_weights == []
    assert [weight.dtype for weight in store.weights] == ["uint8"]
