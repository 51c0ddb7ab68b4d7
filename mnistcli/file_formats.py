"""The names of the formats of exported models and of figures."""

EXPORT_FORMATS = ("litert", "int8", "saved_model", "onnx")
"""Export formats of `mnistcli export`."""

FIGURE_FORMATS = ("png", "svg", "pdf")
"""Formats of figures."""
