"""Synthetic training images: European-style digits and non-digits, drawn by rule."""
