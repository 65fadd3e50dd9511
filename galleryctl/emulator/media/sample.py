"""A small sample image to import."""

from __future__ import annotations

import io
from functools import cache

_WIDTH, _HEIGHT = 640, 480


@cache
def sample_png() -> bytes:
    """Draw a PNG of 640 x 480 pixels: a sky, a sun and a hill."""
    from PIL import Image, ImageDraw  # noqa: PLC0415 - slow to import

    gradient = Image.linear_gradient("L").resize((_WIDTH, _HEIGHT)).convert("RGB")
    sky = Image.new("RGB", (_WIDTH, _HEIGHT), (250, 178, 102))
    image = Image.blend(sky, gradient, 0.25)
    draw = ImageDraw.Draw(image)
    draw.ellipse((400, 90, 520, 210), fill=(255, 236, 179))
    draw.ellipse((-200, 320, 480, 760), fill=(46, 92, 78))
    draw.ellipse((220, 370, 900, 800), fill=(31, 66, 60))
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()
