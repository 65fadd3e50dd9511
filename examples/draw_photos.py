"""Draws the pictures of examples/portfolio: `python examples/draw_photos.py`. The same pictures each time.

Landscapes, portraits and weddings made of gradients and shapes, with the EXIF and XMP captions that a camera and a
photographer's software would have left in them.
"""
# ruff: noqa: INP001, PLR0917 - a script; where things are comes before what they look like

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

from PIL import Image, ImageChops, ImageDraw, ImageFilter

PORTFOLIO = Path(__file__).parent / "portfolio"
WIDTH, HEIGHT = 480, 320
SCALE = 2
"""Drawn larger and scaled down, so that edges are smooth."""
W, H = WIDTH * SCALE, HEIGHT * SCALE
QUALITY = 75
IMAGE_DESCRIPTION, ARTIST, EXIF_IFD, CAPTURED = 0x010E, 0x013B, 0x8769, 0x9003

Color = tuple[int, int, int]
Stop = tuple[float, Color]


def gradient(stops: Sequence[Stop], size: tuple[int, int] = (W, H)) -> Image.Image:
    """A vertical gradient through the stops; each is a height from 0 (top) to 1, and a color."""
    column = Image.new("RGB", (1, size[1]))
    for y in range(size[1]):
        at = y / (size[1] - 1)
        upper = max((s for s in stops if s[0] <= at), key=lambda s: s[0])
        lower = min((s for s in stops if s[0] >= at), key=lambda s: s[0])
        part = 0.0 if lower[0] == upper[0] else (at - upper[0]) / (lower[0] - upper[0])
        column.putpixel((0, y), blend(upper[1], lower[1], part))
    return column.resize(size)


def blend(first: Color, second: Color, part: float) -> Color:
    """The color between two."""
    r, g, b = (round(a + (z - a) * part) for a, z in zip(first, second, strict=True))
    return r, g, b


def glow(
    picture: Image.Image, at: tuple[float, float], radius: float, color: Color, strength: float = 1.0
) -> None:
    """Light that falls off softly around a point; coordinates and radius in parts of the width."""
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
    """A disc, sharp or out of focus."""
    x, y, r = at[0] * W, at[1] * H, radius * W
    shape(picture, lambda draw: draw.ellipse((x - r, y - r, x + r, y + r), fill=alpha), color, blur)


def shape(
    picture: Image.Image, draw_mask: Callable[[ImageDraw.ImageDraw], object], color: Color, blur: float = 0
) -> None:
    """A shape in one color, drawn as a mask."""
    mask = Image.new("L", (W, H))
    draw_mask(ImageDraw.Draw(mask))
    if blur:
        mask = mask.filter(ImageFilter.GaussianBlur(blur * SCALE))
    picture.paste(Image.new("RGB", (W, H), color), (0, 0), mask)


def polygon(
    picture: Image.Image, points: Sequence[tuple[float, float]], color: Color, blur: float = 0
) -> None:
    """A filled outline, in parts of width and height."""
    scaled = [(x * W, y * H) for x, y in points]
    shape(picture, lambda draw: draw.polygon(scaled, fill=255), color, blur)


def ridge(rng: random.Random, base: float, rough: float, *, peaks: float = 2.0) -> list[tuple[float, float]]:
    """The outline of hills: a few sines of random phase, closed along the bottom."""
    waves = [(peaks * 1.9**n, rng.uniform(0, math.tau), rough / 1.8**n) for n in range(5)]
    tops = [
        (x / 120, base + sum(a * math.sin(f * math.tau * x / 120 + p) for f, p, a in waves))
        for x in range(121)
    ]
    return [(0, 1.01), *tops, (1, 1.01)]


def hills(
    picture: Image.Image,
    rng: random.Random,
    far: Color,
    near: Color,
    *,
    top: float = 0.5,
    layers: int = 5,
    rough: float = 0.05,
) -> None:
    """Layers of hills, the far ones in the haze."""
    for layer in range(layers):
        part = layer / max(1, layers - 1)
        outline = ridge(rng, top + (0.98 - top) * part * 0.8, rough * (1 - part * 0.35), peaks=1.2 + part)
        polygon(picture, outline, blend(far, near, part), blur=0.4)


def trees(
    picture: Image.Image, rng: random.Random, color: Color, *, ground: float, count: int, height: float
) -> None:
    """Firs along a line."""
    for n in range(count):
        x = (n + rng.uniform(0.1, 0.9)) / count
        tall, base = height * rng.uniform(0.55, 1.0), ground + rng.uniform(-0.01, 0.02)
        for level in range(4):
            top = base - tall * (1 - level * 0.2)
            half = tall * 0.07 * (level + 1.3)
            polygon(picture, [(x, top), (x - half, top + tall * 0.38), (x + half, top + tall * 0.38)], color)


def water(picture: Image.Image, horizon: float, tint: Color, rng: random.Random) -> None:
    """What is above the horizon, mirrored below it, with ripples."""
    line = round(H * horizon)
    mirrored = picture.crop((0, max(0, 2 * line - H), W, line)).transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    mirrored = mirrored.resize((W, H - line)).filter(ImageFilter.GaussianBlur(3))
    mirrored = Image.blend(mirrored, Image.new("RGB", mirrored.size, tint), 0.35)
    picture.paste(mirrored, (0, line))
    for _ in range(90):
        y = line + (H - line) * rng.random() ** 1.6
        length, x = W * rng.uniform(0.02, 0.12) * (0.3 + (y - line) / (H - line)), rng.uniform(0, W)
        band = picture.crop((int(x), int(y), int(x + length) + 1, int(y) + 3)).point(
            lambda v: min(255, v + 26)
        )
        picture.paste(band, (int(x), int(y)))


def stars(picture: Image.Image, rng: random.Random, count: int, below: float) -> None:
    """Stars, most of them faint."""
    draw = ImageDraw.Draw(picture)
    for _ in range(count):
        x, y, r = rng.uniform(0, W), rng.uniform(0, H * below), rng.choice((0.6, 0.8, 0.8, 1.2, 1.9))
        light = rng.randint(150, 255)
        draw.ellipse((x - r, y - r, x + r, y + r), fill=(light, light, min(255, light + 15)))


def bokeh(
    picture: Image.Image,
    rng: random.Random,
    colors: Sequence[Color],
    count: int,
    *,
    top: float = 0.0,
    bottom: float = 1.0,
) -> None:
    """Lights out of focus."""
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


def person(
    picture: Image.Image,
    x: float,
    ground: float,
    size: float,
    body: Color,
    skin: Color,
    *,
    dress: bool = False,
    hair: Color = (45, 32, 28),
) -> None:
    """A figure from behind or afar: head, hair, and a suit or a dress."""
    aspect = W / H
    head = size * 0.085
    top = ground - size
    shoulder = top + head * aspect * 2.1
    if dress:
        outline = [
            (x - 0.05 * size, shoulder),
            (x + 0.05 * size, shoulder),
            (x + 0.04 * size, top + size * 0.48),
        ]
        outline += [
            (x + 0.21 * size, ground),
            (x - 0.21 * size, ground),
            (x - 0.04 * size, top + size * 0.48),
        ]
    else:
        outline = [
            (x - 0.085 * size, shoulder + 0.01),
            (x + 0.085 * size, shoulder + 0.01),
            (x + 0.075 * size, ground),
        ]
        outline += [
            (x + 0.012 * size, ground),
            (x, top + size * 0.62),
            (x - 0.012 * size, ground),
            (x - 0.075 * size, ground),
        ]
    polygon(picture, outline, body, blur=0.8)
    polygon(
        picture,
        [
            (x - head * 0.35, top + head * aspect),
            (x + head * 0.35, top + head * aspect),
            (x + head * 0.5, shoulder + 0.02),
            (x - head * 0.5, shoulder + 0.02),
        ],
        skin,
        blur=0.5,
    )
    disc(picture, (x, top + head * aspect), head * 0.72, skin, blur=0.5)
    disc(picture, (x, top + head * aspect * 0.78), head * 0.74, hair, blur=0.5)


def vignette(picture: Image.Image, strength: float = 0.45) -> None:
    """Darker corners, as of a fast lens."""
    mask = Image.new("L", (W // 8, H // 8), round(255 * strength))
    ImageDraw.Draw(mask).ellipse((-W // 80, -H // 80, W // 8 + W // 80, H // 8 + H // 80), fill=0)
    mask = mask.filter(ImageFilter.GaussianBlur(14)).resize((W, H))
    picture.paste(Image.new("RGB", (W, H)), (0, 0), mask)


SKIES: dict[str, list[Stop]] = {
    "dawn": [(0, (58, 76, 128)), (0.35, (178, 142, 178)), (0.55, (250, 190, 160)), (1, (255, 224, 190))],
    "day": [(0, (52, 120, 196)), (0.5, (148, 198, 232)), (1, (226, 240, 246))],
    "golden": [(0, (92, 110, 158)), (0.3, (226, 168, 132)), (0.55, (255, 198, 118)), (1, (255, 226, 166))],
    "dusk": [(0, (24, 24, 66)), (0.35, (94, 52, 110)), (0.6, (228, 104, 92)), (1, (255, 186, 120))],
    "night": [(0, (6, 10, 30)), (0.6, (22, 40, 82)), (1, (66, 88, 130))],
    "storm": [(0, (48, 56, 70)), (0.5, (112, 124, 138)), (1, (196, 200, 198))],
}
GROUNDS: dict[str, tuple[Color, Color]] = {
    "dawn": ((176, 142, 168), (44, 40, 72)),
    "day": ((146, 178, 196), (40, 84, 62)),
    "golden": ((222, 168, 128), (70, 48, 44)),
    "dusk": ((150, 78, 104), (26, 16, 40)),
    "night": ((44, 62, 102), (6, 10, 22)),
    "storm": ((130, 140, 146), (42, 52, 50)),
}


def landscape(
    seed: int,
    sky: str,
    *,
    sun: tuple[float, float] | None = None,
    lake: float = 0,
    fir: bool = False,
    rough: float = 0.05,
) -> Image.Image:
    """Hills under a sky, by a lake or behind firs."""
    rng = random.Random(seed)  # noqa: S311 - a picture
    picture = gradient(SKIES[sky])
    if sky == "night":
        stars(picture, rng, 420, 0.75)
    if sun is not None:
        warm = (226, 232, 255) if sky == "night" else (255, 236, 190)
        glow(picture, sun, 0.34, blend(warm, (255, 170, 90), 0.35), 0.85)
        disc(picture, sun, 0.032, warm, blur=1.2)
    far, near = GROUNDS[sky]
    hills(picture, rng, far, near, top=0.46, layers=4 if lake else 6, rough=rough)
    if lake:
        water(picture, lake, blend(near, far, 0.5), rng)
    if fir:
        trees(picture, rng, blend(near, (0, 0, 0), 0.45), ground=1.02, count=15, height=0.42)
    vignette(picture, 0.3)
    return picture


def dunes(seed: int) -> Image.Image:
    """Sand, with light on one side of each crest."""
    rng = random.Random(seed)  # noqa: S311 - a picture
    picture = gradient(SKIES["golden"])
    glow(picture, (0.22, 0.3), 0.4, (255, 210, 150), 0.8)
    for layer in range(4):
        base = 0.5 + layer * 0.14
        phase = rng.uniform(0, math.tau)
        crest = [
            (x, base + 0.07 * math.sin(x * 4.2 + phase) + 0.015 * math.sin(x * 11 + phase))
            for x in (n / 120 for n in range(121))
        ]
        light = blend((238, 178, 116), (198, 120, 70), layer / 3)
        polygon(picture, [(0, 1.01), *crest, (1, 1.01)], light, blur=0.5)
        shade = [(x, y + 0.012 + 0.09 * max(0.0, math.cos(x * 4.2 + phase))) for x, y in crest]
        polygon(picture, [*crest, *reversed(shade)], blend(light, (96, 50, 46), 0.5), blur=3)
    vignette(picture, 0.35)
    return picture


def sea(seed: int, sky: str, sun: tuple[float, float]) -> Image.Image:
    """The sun's path on the sea."""
    rng = random.Random(seed)  # noqa: S311 - a picture
    picture = gradient(SKIES[sky])
    glow(picture, sun, 0.4, (255, 190, 120), 0.9)
    disc(picture, sun, 0.04, (255, 240, 205), blur=1)
    for _ in range(7):
        y, x = rng.uniform(0.08, 0.5), rng.uniform(0, 1)
        polygon(
            picture,
            [(x - 0.25, y), (x, y - 0.012), (x + 0.22, y + 0.004), (x, y + 0.012)],
            blend(SKIES[sky][1][1], (255, 225, 205), 0.45),
            blur=5,
        )
    water(picture, 0.62, blend(SKIES[sky][0][1], (20, 40, 80), 0.4), rng)
    for _ in range(150):
        y = 0.63 + 0.37 * rng.random()
        spread = 0.03 + (y - 0.62) * 0.35
        x = sun[0] + rng.gauss(0, spread / 2)
        half = 0.008 + 0.03 * (y - 0.62)
        polygon(
            picture, [(x - half, y), (x, y - 0.003), (x + half, y), (x, y + 0.003)], (255, 216, 160), blur=0.4
        )
    vignette(picture, 0.3)
    return picture


def wedding(seed: int, sky: str, *, distance: float = 0.42, lights: int = 40) -> Image.Image:
    """Two people, a meadow, and lights."""
    rng = random.Random(seed)  # noqa: S311 - a picture
    picture = gradient(SKIES[sky])
    glow(picture, (0.5 + rng.uniform(-0.2, 0.2), 0.42), 0.45, (255, 206, 150), 0.8)
    far, near = GROUNDS[sky]
    hills(picture, rng, far, near, top=0.56, layers=3, rough=0.03)
    polygon(picture, ridge(rng, 0.84, 0.012), blend(near, (86, 112, 62), 0.45), blur=2)
    picture.paste(picture.filter(ImageFilter.GaussianBlur(5)))
    warm = [(255, 196, 110), (255, 222, 170), (255, 160, 110), (250, 236, 214)]
    bokeh(picture, rng, warm, lights, bottom=0.6)
    middle, size = 0.5 + rng.uniform(-0.12, 0.12), distance
    gap = size * 0.1
    person(picture, middle - gap, 0.94, size, (38, 42, 58), (224, 178, 150))
    person(
        picture,
        middle + gap,
        0.94,
        size * 0.94,
        (248, 243, 236),
        (238, 196, 170),
        dress=True,
        hair=(122, 80, 46),
    )
    vignette(picture)
    return picture


def table(seed: int, cloth: Color) -> Image.Image:
    """Flowers and candles, close."""
    rng = random.Random(seed)  # noqa: S311 - a picture
    picture = gradient([(0, (46, 32, 36)), (0.6, (104, 72, 62)), (1, (132, 96, 78))])
    bokeh(picture, rng, [(255, 180, 90), (255, 214, 150), (255, 150, 90)], 55, bottom=0.62)
    polygon(picture, [(0, 0.74), (1, 0.7), (1, 1.01), (0, 1.01)], cloth, blur=3)
    for x in (0.16, 0.8, 0.92):
        base = 0.82 + rng.uniform(-0.02, 0.05)
        polygon(
            picture,
            [(x - 0.016, base), (x - 0.016, base - 0.28), (x + 0.016, base - 0.28), (x + 0.016, base)],
            (246, 236, 214),
            blur=0.8,
        )
        glow(picture, (x, base - 0.33), 0.13, (255, 186, 96), 0.95)
        disc(picture, (x, base - 0.32), 0.011, (255, 240, 196), blur=1.5)
    flowers(picture, rng, (0.48, 0.6), 0.2, 26)
    vignette(picture, 0.5)
    return picture


def flowers(
    picture: Image.Image, rng: random.Random, at: tuple[float, float], spread: float, count: int
) -> None:
    """A bouquet: leaves, then blossoms of overlapping petals."""
    for _ in range(count):
        angle, far = rng.uniform(0, math.tau), spread * rng.uniform(0.5, 1.15)
        tip = (at[0] + far * math.cos(angle), at[1] + far * math.sin(angle))
        side = (0.02 * math.sin(angle), -0.03 * math.cos(angle))
        polygon(
            picture,
            [at, (tip[0] + side[0], tip[1] + side[1]), tip, (tip[0] - side[0], tip[1] - side[1])],
            (rng.randint(48, 84), rng.randint(92, 122), rng.randint(62, 84)),
            blur=0.8,
        )
    tones = [(246, 226, 220), (236, 178, 178), (214, 122, 132), (252, 242, 228), (226, 150, 120)]
    for _ in range(count):
        x, y = at[0] + rng.gauss(0, spread * 0.38), at[1] + rng.gauss(0, spread * 0.45)
        radius, tone = rng.uniform(0.018, 0.04), rng.choice(tones)
        for ring in range(4):
            for petal in range(6):
                angle = petal * math.tau / 6 + ring * 0.5
                r = radius * (1 - ring * 0.24)
                spot = (x + r * 0.55 * math.cos(angle), y + r * 0.82 * math.sin(angle))
                disc(
                    picture,
                    spot,
                    r * 0.55,
                    blend(tone, (150, 60, 70), ring * 0.14 + 0.05 * (petal % 2)),
                    blur=0.5,
                )


def bouquet(seed: int) -> Image.Image:
    """Flowers in daylight."""
    rng = random.Random(seed)  # noqa: S311 - a picture
    picture = gradient([(0, (206, 214, 200)), (1, (162, 176, 156))])
    bokeh(picture, rng, [(255, 255, 240), (220, 236, 206)], 26)
    flowers(picture, rng, (0.5, 0.54), 0.26, 44)
    vignette(picture, 0.3)
    return picture


def ring(picture: Image.Image, at: tuple[float, float], radius: float, width: float, color: Color) -> None:
    """A ring that lies flat, in parts of the width."""
    (x, y), flat = at, radius * H
    box = (x - radius) * W, y * H - flat, (x + radius) * W, y * H + flat * 1.1
    shape(picture, lambda draw: draw.ellipse(box, outline=255, width=round(width * W)), color, 0.8)


def rings(seed: int) -> Image.Image:
    """Two rings on linen."""
    rng = random.Random(seed)  # noqa: S311 - a picture
    picture = gradient([(0, (236, 228, 216)), (1, (196, 182, 166))])
    bokeh(picture, rng, [(255, 250, 235), (250, 226, 190)], 20, bottom=0.4)
    for x, y, radius in ((0.43, 0.58, 0.13), (0.58, 0.62, 0.115)):
        for width, color in ((0.017, (126, 88, 40)), (0.014, (214, 164, 84)), (0.006, (255, 236, 186))):
            ring(picture, (x, y), radius, width, color)
    vignette(picture, 0.35)
    return picture


def portrait(
    seed: int,
    back: tuple[Color, Color],
    skin: Color,
    hair: Color,
    cloth: Color,
    *,
    long: bool = False,
    side: float = 0.3,
) -> Image.Image:
    """Head and shoulders in soft light, faces left to the imagination."""
    rng = random.Random(seed)  # noqa: S311 - a picture
    picture = gradient([(0, back[0]), (1, back[1])])
    glow(picture, (0.5 + side, 0.3), 0.45, blend(back[0], (255, 240, 220), 0.7), 0.6)
    bokeh(picture, rng, [blend(back[0], (255, 255, 255), 0.4)], 6, bottom=0.5)
    x, y = 0.5 + rng.uniform(-0.03, 0.03), 0.43
    if long:
        polygon(
            picture, [(x - 0.135, 0.4), (x + 0.135, 0.4), (x + 0.16, 0.86), (x - 0.16, 0.86)], hair, blur=5
        )
    disc(picture, (x, y - 0.07), 0.137, hair, blur=2)
    polygon(
        picture,
        [(x - 0.05, 0.5), (x + 0.05, 0.5), (x + 0.065, 0.8), (x - 0.065, 0.8)],
        blend(skin, (60, 30, 30), 0.25),
        blur=1.5,
    )
    shape(
        picture,
        lambda draw: draw.ellipse(((x - 0.29) * W, 0.72 * H, (x + 0.29) * W, 1.6 * H), fill=255),
        cloth,
        1.5,
    )
    polygon(picture, [(x - 0.06, 0.7), (x + 0.06, 0.7), (x, 0.84)], blend(skin, (60, 30, 30), 0.2), blur=2)
    shape(
        picture,
        lambda draw: draw.ellipse(((x - 0.098) * W, 0.2 * H, (x + 0.098) * W, 0.65 * H), fill=255),
        skin,
        1.2,
    )
    lit = (x + side * 0.12, y - 0.02)
    disc(picture, lit, 0.066, blend(skin, (255, 244, 226), 0.55), blur=16, alpha=170)
    shape(
        picture,
        lambda draw: draw.ellipse(
            ((x - 0.02 - side * 0.36) * W - 0.05 * W, 0.24 * H, (x - side * 0.36) * W + 0.04 * W, 0.63 * H),
            fill=110,
        ),
        blend(skin, (50, 20, 30), 0.6),
        14,
    )
    shape(
        picture,
        lambda draw: draw.chord(((x - 0.112) * W, 0.165 * H, (x + 0.112) * W, 0.5 * H), 180, 360, fill=255),
        hair,
        3,
    )
    vignette(picture, 0.5)
    return picture


def still(seed: int, wall: Color, floor: Color, colors: Sequence[Color]) -> Image.Image:
    """Solids on a table, with one lamp from the left."""
    rng = random.Random(seed)  # noqa: S311 - a picture
    picture = gradient(
        [
            (0, blend(wall, (255, 255, 255), 0.15)),
            (0.64, wall),
            (0.66, floor),
            (1, blend(floor, (0, 0, 0), 0.25)),
        ]
    )
    glow(picture, (0.2, 0.25), 0.5, blend(wall, (255, 255, 255), 0.5), 0.45)
    for n, color in enumerate(colors):
        x, r = 0.22 + n * 0.56 / max(1, len(colors) - 1), rng.uniform(0.062, 0.1)
        y = 0.8 - r * 1.5 + rng.uniform(0, 0.06)
        polygon(
            picture,
            [
                (x - r * 0.6, y + r * 1.42),
                (x + r * 2.9, y + r * 1.25),
                (x + r * 2.9, y + r * 1.65),
                (x, y + r * 1.62),
            ],
            blend(floor, (0, 0, 0), 0.5),
            blur=7,
        )
        for step in range(20):
            part = step / 20
            spot = (x - r * 0.42 * part, y - r * 0.6 * part)
            disc(
                picture,
                spot,
                r * (1 - part * 0.97),
                blend(blend(color, (20, 12, 20), 0.5), blend(color, (255, 255, 255), 0.5), part),
                blur=1.6,
            )
    vignette(picture, 0.4)
    return picture


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """A picture and what is written into it."""

    path: str
    picture: Callable[[], Image.Image]
    captured: str
    title: str
    description: str
    tags: tuple[str, ...]


def shot(
    path: str, captured: str, title: str, description: str, tags: str, picture: Callable[[], Image.Image]
) -> Shot:
    """A shot, its tags as words."""
    return Shot(
        path=f"photos/{path}.jpg",
        picture=picture,
        captured=captured,
        title=title,
        description=description,
        tags=tuple(tags.split()),
    )


WHITE: Color = (232, 226, 218)
SHOTS = (
    shot(
        "weddings/first-dance",
        "2026:06:20 21:14:08",
        "First dance",
        "Lanterns over the meadow",
        "dance evening",
        lambda: wedding(11, "dusk", distance=0.5, lights=60),
    ),
    shot("weddings/rings", "2026:06:20 13:02:51", "The rings", "Hers and his", "details", lambda: rings(12)),
    shot(
        "weddings/bouquet",
        "2026:06:20 13:20:17",
        "The bouquet",
        "Peonies and roses",
        "details flowers",
        lambda: bouquet(13),
    ),
    shot(
        "weddings/table",
        "2026:06:20 19:31:40",
        "The table",
        "Candles, before everybody came in",
        "details evening",
        lambda: table(14, WHITE),
    ),
    shot(
        "weddings/golden-hour",
        "2026:06:20 20:22:03",
        "Golden hour",
        "Ten minutes for the two of them",
        "couple",
        lambda: wedding(15, "golden", distance=0.46, lights=18),
    ),
    shot(
        "weddings/last-light",
        "2026:06:20 21:48:30",
        "Last light",
        "Over the hill",
        "couple evening",
        lambda: wedding(25, "dawn", distance=0.3, lights=10),
    ),
    *(
        shot(
            f"weddings/ceremony/ceremony-{n:02}",
            f"2026:06:20 14:{n * 4:02}:{n * 7 % 60:02}",
            title,
            description,
            "ceremony",
            picture,
        )
        for n, (title, description, picture) in enumerate(
            (
                ("Waiting", "Nobody is nervous", lambda: wedding(31, "day", distance=0.3, lights=8)),
                ("The path", "Petals on the way", lambda: wedding(32, "day", distance=0.38, lights=14)),
                (
                    "The words",
                    "Said once, heard by all",
                    lambda: wedding(33, "golden", distance=0.52, lights=12),
                ),
                ("Yes", "", lambda: wedding(34, "golden", distance=0.6, lights=24)),
                ("Flowers", "From the garden behind the house", lambda: bouquet(35)),
                ("The kiss", "", lambda: wedding(36, "dawn", distance=0.62, lights=30)),
                ("Going out", "Into the afternoon", lambda: wedding(37, "day", distance=0.34, lights=20)),
                ("Confetti", "It was found for weeks", lambda: wedding(38, "dawn", distance=0.44, lights=80)),
            ),
            1,
        )
    ),
    shot(
        "landscapes/lake-at-dawn",
        "2025:09:03 06:11:20",
        "Lake at dawn",
        "No wind until seven",
        "lake morning",
        lambda: landscape(41, "dawn", sun=(0.66, 0.4), lake=0.64),
    ),
    shot(
        "landscapes/blue-hills",
        "2025:09:04 11:40:02",
        "Blue hills",
        "Six ridges, counted twice",
        "hills",
        lambda: landscape(42, "day", rough=0.06),
    ),
    shot(
        "landscapes/dunes",
        "2025:04:18 18:52:44",
        "Dunes",
        "Footprints lasted an hour",
        "desert evening",
        lambda: dunes(43),
    ),
    shot(
        "landscapes/evening-sea",
        "2025:08:12 20:33:09",
        "Evening sea",
        "The last boat had gone",
        "sea evening",
        lambda: sea(44, "dusk", (0.58, 0.54)),
    ),
    shot(
        "landscapes/stars",
        "2025:10:24 23:05:31",
        "Stars over the firs",
        "Twenty seconds, and cold hands",
        "night",
        lambda: landscape(45, "night", fir=True),
    ),
    shot(
        "landscapes/moon-lake",
        "2025:10:25 21:15:00",
        "Moon lake",
        "",
        "lake night",
        lambda: landscape(46, "night", sun=(0.36, 0.24), lake=0.66),
    ),
    *(
        shot(f"landscapes/seasons/IMG_{number}", captured, title, description, tags, picture)
        for number, captured, title, description, tags, picture in (
            (
                2,
                "2025:05:02 07:12:10",
                "May morning",
                "",
                "spring morning",
                lambda: landscape(51, "dawn", sun=(0.3, 0.36), fir=True),
            ),
            (
                4,
                "2025:07:16 12:30:00",
                "High summer",
                "Not a cloud all week",
                "summer",
                lambda: landscape(52, "day", sun=(0.78, 0.14), rough=0.035),
            ),
            (
                7,
                "2025:07:29 20:58:21",
                "After the heat",
                "",
                "summer evening",
                lambda: landscape(53, "dusk", sun=(0.5, 0.5)),
            ),
            (
                9,
                "2025:08:30 17:20:49",
                "Before the storm",
                "It came ten minutes later",
                "summer storm",
                lambda: landscape(54, "storm", fir=True),
            ),
            (
                10,
                "2025:09:21 18:44:30",
                "Equinox",
                "",
                "autumn evening",
                lambda: landscape(55, "golden", sun=(0.4, 0.44), lake=0.67),
            ),
            (
                11,
                "2025:10:11 16:59:12",
                "Larches",
                "Gold for one week",
                "autumn",
                lambda: landscape(56, "golden", sun=(0.7, 0.38), fir=True),
            ),
            (
                12,
                "2025:11:15 09:40:55",
                "Fog below",
                "",
                "autumn fog",
                lambda: landscape(57, "storm", rough=0.03, lake=0.7),
            ),
            (
                23,
                "2025:01:08 08:14:36",
                "First sun",
                "The shortest shadow of January",
                "winter morning",
                lambda: landscape(58, "dawn", sun=(0.52, 0.44), rough=0.075),
            ),
        )
    ),
    shot(
        "studio/ada",
        "2026:02:10 10:05:00",
        "Ada",
        "Window light",
        "portrait",
        lambda: portrait(
            61, ((92, 104, 112), (40, 46, 54)), (226, 182, 152), (64, 40, 30), (46, 72, 92), long=True
        ),
    ),
    shot(
        "studio/ben",
        "2026:02:10 11:30:00",
        "Ben",
        "",
        "portrait",
        lambda: portrait(
            62, ((150, 116, 92), (74, 52, 44)), (198, 148, 116), (30, 24, 24), (226, 218, 204), side=-0.3
        ),
    ),
    shot(
        "studio/chioma",
        "2026:02:11 09:45:00",
        "Chioma",
        "One lamp, one reflector",
        "portrait",
        lambda: portrait(63, ((196, 148, 70), (116, 74, 36)), (128, 82, 58), (24, 18, 18), (150, 42, 52)),
    ),
    shot(
        "studio/dmitri",
        "2026:02:11 14:10:00",
        "Dmitri",
        "",
        "portrait",
        lambda: portrait(
            64, ((70, 84, 78), (26, 34, 34)), (232, 192, 166), (196, 186, 172), (34, 36, 42), side=-0.3
        ),
    ),
    shot(
        "studio/emi",
        "2026:02:12 10:20:00",
        "Emi",
        "Between two takes",
        "portrait",
        lambda: portrait(
            65, ((206, 176, 182), (140, 106, 122)), (240, 206, 180), (26, 22, 26), (240, 236, 230), long=True
        ),
    ),
    shot(
        "studio/farid",
        "2026:02:12 15:00:00",
        "Farid",
        "",
        "portrait",
        lambda: portrait(66, ((66, 92, 132), (26, 38, 66)), (184, 132, 98), (28, 22, 20), (86, 100, 76)),
    ),
    *(
        shot(
            f"studio/still-life/still-{n}",
            f"2026:03:0{n} 1{n}:00:00",
            f"Still life no. {n}",
            description,
            "still-life",
            picture,
        )
        for n, (description, picture) in enumerate(
            (
                (
                    "Oranges, and what is not one",
                    lambda: still(
                        71, (120, 138, 142), (88, 66, 54), [(232, 134, 48), (236, 150, 60), (96, 128, 84)]
                    ),
                ),
                (
                    "Plaster",
                    lambda: still(
                        72,
                        (150, 142, 134),
                        (112, 104, 98),
                        [(226, 220, 210), (206, 198, 188), (232, 226, 218), (198, 190, 182)],
                    ),
                ),
                (
                    "Red on green",
                    lambda: still(73, (66, 96, 84), (44, 58, 50), [(190, 44, 46), (206, 70, 58)]),
                ),
                (
                    "Plums",
                    lambda: still(
                        74,
                        (176, 152, 120),
                        (118, 86, 62),
                        [(92, 54, 104), (110, 66, 120), (78, 46, 92), (124, 84, 124)],
                    ),
                ),
                (
                    "Blue",
                    lambda: still(
                        75, (70, 92, 128), (40, 52, 82), [(92, 136, 190), (58, 94, 158), (146, 182, 214)]
                    ),
                ),
                (
                    "Lemons",
                    lambda: still(
                        76,
                        (206, 204, 192),
                        (168, 160, 144),
                        [(240, 208, 70), (234, 196, 60), (246, 220, 104)],
                    ),
                ),
            ),
            1,
        )
    ),
)


def xmp(entry: Shot) -> bytes:
    """Title, description and keywords as an XMP packet."""

    def alternative(name: str, text: str) -> str:
        words = escape(text)
        return (
            f'<dc:{name}><rdf:Alt><rdf:li xml:lang="x-default">{words}</rdf:li></rdf:Alt></dc:{name}>'
            if text
            else ""
        )

    bag = "".join(f"<rdf:li>{escape(tag)}</rdf:li>" for tag in entry.tags)
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"{alternative('title', entry.title)}{alternative('description', entry.description)}"
        f"<dc:subject><rdf:Bag>{bag}</rdf:Bag></dc:subject>"
        '</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    ).encode()


def save(entry: Shot, root: Path) -> None:
    """Draw the picture and write it with its captions."""
    picture = entry.picture().resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
    exif = Image.Exif()
    if entry.description:
        exif[IMAGE_DESCRIPTION] = entry.description
    exif[ARTIST] = "Robin Example"
    exif.get_ifd(EXIF_IFD)[CAPTURED] = entry.captured
    path = root / entry.path
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path, quality=QUALITY, optimize=True, exif=exif, xmp=xmp(entry))


def main() -> None:
    """Draw them all."""
    for entry in SHOTS:
        save(entry, PORTFOLIO)


if __name__ == "__main__":
    main()
