"""Input shapes of square images."""

import pytest

from mnistcli.model_check.input_shapes import find_image_shape


@pytest.mark.parametrize(
    ("shape", "found"),
    [
        ((28, 28, 1), (28, 1, False, (28, 28, 1))),
        ((28, 28), (28, 1, False, (28, 28))),
        ((784,), (28, 1, False, (784,))),
        ((784, 1), (28, 1, False, (784, 1))),
        ((1, 28, 28), (28, 1, True, (1, 28, 28))),
        ((3, 32, 32), (32, 3, True, (3, 32, 32))),
        ((None, None, 1), (28, 1, False, (28, 28, 1))),
        ((None, None, None), (28, 1, False, (28, 28, 1))),
        ((28, 40, 1), None),
        ((28, 28, 2), None),
        ((700,), None),
        ((4, 4, 1), None),
        ((5, 28, 28, 1), None),
    ],
)
def test_an_input_shape_tells_how_it_holds_an_image(
    shape: tuple[int | None, ...], found: tuple[object, ...] | None
) -> None:
    assert find_image_shape(shape) == found
