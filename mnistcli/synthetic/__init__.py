"""Synthetic training images: European-style digits, non-digits and handwritten numbers."""
