"""Draws the pictures of examples/portfolio: `python -m examples.drawing`. The same pictures each time."""
