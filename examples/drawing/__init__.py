"""Draw the photos of examples/portfolio: `python -m examples.drawing`. The result is always the same."""
