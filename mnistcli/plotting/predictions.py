"""Plot of predictions: images with bounding boxes and predicted digits, then the 28x28 digits."""

import sys
from collections.abc import Iterable, Sequence

from matplotlib.figure import Figure

from mnistcli.errors import ImageError
from mnistcli.formatting import bounded_percent, format_count
from mnistcli.plotting.layout import Layout, Size, place_in_landscape
from mnistcli.plotting.prediction_block import LINE, MAX_SIDE, NAME, PredictionBlock
from mnistcli.plotting.style import MARGIN, TEXT, TOP, Footer, new_figure, text_width
from mnistcli.prediction.results import Prediction

_SUBTITLE = "With each image: the digits as the model sees them, and the probabilities of 0 to 9"
# Lengths are in inches: distances between two images of a row, and between two rows.
_BLOCK_GAPS = Size(0.5, 0.35)
_BOTTOM = 0.15
# If the figure would be taller than this, it becomes wider, and then the limits apply: maximum
# number of digits drawn for an image, and maximum length of an image's longer side.
MAX_HEIGHT = 77.0
_WIDTHS = (16.0, 25.5)
_LIMITS = (
    (sys.maxsize, MAX_SIDE),
    (sys.maxsize, 3.0),
    (24, 3.0),
    (12, 3.0),
    (6, 2.2),
    (4, 2.2),
    (3, 2.2),
    (2, 2.2),
    (0, 3.0),
)


def plot_predictions(predictions: Iterable[Prediction], *, model_name: str) -> Figure:
    """Plot predictions: each image once with boxes and predicted digits, then the digits.

    A digit is drawn as the input of the model, with a bar for the probability of each class. Up to
    100 images give a PNG of at most 4,000 x 12,000 pixels. If there are too many digits for that,
    only the first digits of each image are drawn, and its caption says so.

    Args:
        predictions: The predictions; images that could not be read are skipped. The image files
            are opened again.
        model_name: Name of the model.

    Raises:
        ImageError: No image could be read, or one has been removed since it was predicted.
    """
    blocks = [
        PredictionBlock.open(prediction) for prediction in predictions if prediction.error is None
    ]
    if not blocks:
        raise ImageError("no image could be read")
    digits = sum(len(block.digits) for block in blocks)
    footer = Footer(
        model_name, f"{format_count(len(blocks), 'image')}, {format_count(digits, 'digit')}"
    )
    blocks, layout = lay_out(blocks)
    figure, axes = new_figure(
        2 * MARGIN + max(layout.size.width, _min_width()),
        TOP + layout.size.height + _BOTTOM,
        _title([block.prediction for block in blocks]),
        _SUBTITLE,
        footer,
    )
    for block, (left, top) in zip(blocks, layout.positions, strict=True):
        block.draw(axes, MARGIN + left, TOP + top, _caption_height(blocks))
    return figure


def _title(predictions: Sequence[Prediction]) -> str:
    if len(predictions) > 1:
        rejected = sum(bool(prediction.reason) for prediction in predictions)
        title = f"Predictions of {len(predictions):,} images"
        return f"{title}, {rejected:,} of them rejected" if rejected else title
    only = predictions[0]
    if only.reason:
        return only.reason[0].upper() + only.reason[1:]
    return f"Predicted {only.guess_on_one_line}, confidence {bounded_percent(only.text_confidence)}"


def _min_width() -> float:
    """Return the width of the subtitle, which must not be cut off."""
    return text_width(_SUBTITLE, TEXT)


def _caption_height(blocks: Sequence[PredictionBlock]) -> float:
    """Return the height of name and caption, the same for all blocks so that images align."""
    return NAME + LINE * max(len(block.caption) for block in blocks)


def lay_out(blocks: list[PredictionBlock]) -> tuple[list[PredictionBlock], Layout]:
    """Place blocks in rows, and make them smaller if the figure would be too tall.

    Returns:
        The blocks, smaller if necessary, and their positions.
    """
    layout = _place_blocks(blocks, _WIDTHS[0])
    for digits, side in _LIMITS:
        blocks = [block.shrink(digits, side) for block in blocks]
        for width in _WIDTHS:
            layout = _place_blocks(blocks, width)
            if layout.size.height <= MAX_HEIGHT:
                return blocks, layout
    return blocks, layout


def _place_blocks(blocks: Sequence[PredictionBlock], max_width: float) -> Layout:
    caption_height = _caption_height(blocks)
    sizes = [
        Size(block.content_size.width, caption_height + block.content_size.height)
        for block in blocks
    ]
    return place_in_landscape(sizes, _min_width(), max_width, _BLOCK_GAPS)
