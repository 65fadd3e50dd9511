"""Draw soft shapes on a canvas that is scaled down at the end, for smooth edges."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from PIL import Image, ImageChops, ImageDraw, ImageFilter

WIDTH, HEIGHT = 480, 320
SCALE = 2
W, H = WIDTH * SCALE, HEIGHT * SCALE

Color = tuple[int, int, int]
Stop = tuple[float, Color]


def gradient(stops: Sequence[Stop], size: tuple[int, int] = (W, H)) -> Image.Image:
    """Return a vertical gradient through the stops, each a height from 0 (top) to 1 and a color."""
    column = Image.new("RGB", (1, size[1]))
    for y in range(size[1]):
        at = y / (size[1] - 1)
        upper = max((s for s in stops if s[0] <= at), key=lambda s: s[0])
        lower = min((s for s in stops if s[0] >= at), key=lambda s: s[0])
        part = 0.0 if lower[0] == upper[0] else (at - upper[0]) / (lower[0] - upper[0])
        column.putpixel((0, y), blend(upper[1], lower[1], part))
    return column.resize(size)


def blend(first: Color, second: Color, part: float) -> Color:
    """Return the color between two others."""
    r, g, b = (round(a + (z - a) * part) for a, z in zip(first, second, strict=True))
    return r, g, b


def glow(picture: Image.Image, at: tuple[float, float], radius: float, color: Color, strength: float = 1.0) -> None:
    """Add light around a point; coordinates and radius are fractions of the width."""
    light = Image.new("RGB", (W // 4, H // 4))
    x, y, r = at[0] * W / 4, at[1] * H / 4, radius * W / 4
    draw = ImageDraw.Draw(light)
    for step in range(24, 0, -1):
        size = r * step / 24
        fill = blend((0, 0, 0), color, strength * (1 - step / 25) ** 2)
        draw.ellipse((x - size, y - size, x + size, y + size), fill=fill)
    light = light.filter(ImageFilter.GaussianBlur(r / 10 + 1)).resize((W, H))
    picture.paste(ImageChops.screen(picture, light))


def disc(
    picture: Image.Image,
    at: tuple[float, float],
    radius: float,
    color: Color,
    blur: float = 0,
    alpha: int = 255,
) -> None:
    """Draw a disc, sharp or out of focus."""
    x, y, r = at[0] * W, at[1] * H, radius * W
    shape(picture, lambda draw: draw.ellipse((x - r, y - r, x + r, y + r), fill=alpha), color, blur)


def shape(
    picture: Image.Image, draw_mask: Callable[[ImageDraw.ImageDraw], object], color: Color, blur: float = 0
) -> None:
    """Draw a shape in one color, given as a mask."""
    mask = Image.new("L", (W, H))
    draw_mask(ImageDraw.Draw(mask))
    if blur:
        mask = mask.filter(ImageFilter.GaussianBlur(blur * SCALE))
    picture.paste(Image.new("RGB", (W, H), color), (0, 0), mask)


def polygon(picture: Image.Image, points: Sequence[tuple[float, float]], color: Color, blur: float = 0) -> None:
    """Draw a filled polygon; coordinates are fractions of width and height."""
    scaled = [(x * W, y * H) for x, y in points]
    shape(picture, lambda draw: draw.polygon(scaled, fill=255), color, blur)


def bokeh(
    picture: Image.Image,
    rng: random.Random,
    colors: Sequence[Color],
    count: int,
    *,
    top: float = 0.0,
    bottom: float = 1.0,
) -> None:
    """Draw lights that are out of focus."""
    layer = Image.new("RGB", (W, H))
    for _ in range(count):
        x, y, r = rng.uniform(0, W), H * rng.uniform(top, bottom), W * rng.uniform(0.012, 0.055)
        spot = Image.new("RGB", (W, H))
        color = blend((0, 0, 0), rng.choice(list(colors)), rng.uniform(0.25, 0.75))
        ImageDraw.Draw(spot).ellipse(
            (x - r, y - r, x + r, y + r), fill=color, outline=blend(color, (255, 255, 255), 0.25), width=3
        )
        layer = ImageChops.screen(layer, spot)
    picture.paste(ImageChops.screen(picture, layer.filter(ImageFilter.GaussianBlur(2.2))))


def vignette(picture: Image.Image, strength: float = 0.45) -> None:
    """Darken the corners, as a fast lens does."""
    mask = Image.new("L", (W // 8, H // 8), round(255 * strength))
    ImageDraw.Draw(mask).ellipse((-W // 80, -H // 80, W // 8 + W // 80, H // 8 + H // 80), fill=0)
    mask = mask.filter(ImageFilter.GaussianBlur(14)).resize((W, H))
    picture.paste(Image.new("RGB", (W, H)), (0, 0), mask)
