"""Synthetic training images: European digits and non-digits, drawn by rule."""
