"""Train, understand and use a handwritten-digit classifier."""
