"""Notes about the pixels and the outputs of external models."""

from typing import TYPE_CHECKING

from mnistcli.cli.spinner import show_spinner
from mnistcli.cli.streams import print_note

if TYPE_CHECKING:
    from mnistcli.model_lookup import ModelRef


def store_interface(model: "ModelRef", pixel_scale: str | None) -> None:
    """Store the pixel scale of an external model: the given one, or the detected one.

    Commands that load the model with Keras read it from the cache. A note says what was detected.

    Args:
        model: The model. For the model of a run, this does nothing unless a pixel scale is given.
        pixel_scale: The value of ``--pixel-scale``.
    """
    if model.run is not None and pixel_scale is None:
        return
    with show_spinner("Loading the model"):
        from mnistcli.inference.loading import load_classifier

        load_classifier(model.files, pixel_scale=pixel_scale, on_note=print_note)
