"""Weddings: couples on meadows, flowers, rings, candles."""
# ruff: noqa: S311 - random for pictures

from __future__ import annotations

import math
import random

from PIL import Image, ImageFilter

from examples.drawing.canvas import Color, H, W, blend, bokeh, disc, glow, gradient, polygon, shape, vignette
from examples.drawing.landscapes import GROUNDS, SKIES, hills, ridge
from examples.drawing.shot import shot


def wedding(seed: int, sky: str, *, distance: float = 0.42, lights: int = 40) -> Image.Image:
    """Draw two people on a meadow with lights."""
    rng = random.Random(seed)
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
    """Draw flowers and candles, close up."""
    rng = random.Random(seed)
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


def bouquet(seed: int) -> Image.Image:
    """Draw flowers in daylight."""
    rng = random.Random(seed)
    picture = gradient([(0, (206, 214, 200)), (1, (162, 176, 156))])
    bokeh(picture, rng, [(255, 255, 240), (220, 236, 206)], 26)
    flowers(picture, rng, (0.5, 0.54), 0.26, 44)
    vignette(picture, 0.3)
    return picture


def rings(seed: int) -> Image.Image:
    """Draw two rings on linen."""
    rng = random.Random(seed)
    picture = gradient([(0, (236, 228, 216)), (1, (196, 182, 166))])
    bokeh(picture, rng, [(255, 250, 235), (250, 226, 190)], 20, bottom=0.4)
    for x, y, radius in ((0.43, 0.58, 0.13), (0.58, 0.62, 0.115)):
        for width, color in ((0.017, (126, 88, 40)), (0.014, (214, 164, 84)), (0.006, (255, 236, 186))):
            ring(picture, (x, y), radius, width, color)
    vignette(picture, 0.35)
    return picture


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
    """Draw a figure seen from behind or far away: head, hair, and a suit or a dress."""
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


def flowers(picture: Image.Image, rng: random.Random, at: tuple[float, float], spread: float, count: int) -> None:
    """Draw a bouquet: leaves, then blossoms of overlapping petals."""
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


def ring(picture: Image.Image, at: tuple[float, float], radius: float, width: float, color: Color) -> None:
    """Draw a ring that lies flat; sizes are fractions of the width."""
    (x, y), flat = at, radius * H
    box = (x - radius) * W, y * H - flat, (x + radius) * W, y * H + flat * 1.1
    shape(picture, lambda draw: draw.ellipse(box, outline=255, width=round(width * W)), color, 0.8)


# fmt: off
SHOTS = (
    shot("weddings/first-dance", "2026:06:20 21:14:08", "First dance", "Lanterns over the meadow", "dance evening", lambda: wedding(11, "dusk", distance=0.5, lights=60)),
    shot("weddings/rings", "2026:06:20 13:02:51", "The rings", "Hers and his", "details", lambda: rings(12)),
    shot("weddings/bouquet", "2026:06:20 13:20:17", "The bouquet", "Peonies and roses", "details flowers", lambda: bouquet(13)),
    shot("weddings/table", "2026:06:20 19:31:40", "The table", "Candles, before everybody came in", "details evening", lambda: table(14, (232, 226, 218))),
    shot("weddings/golden-hour", "2026:06:20 20:22:03", "Golden hour", "Ten minutes for the two of them", "couple", lambda: wedding(15, "golden", distance=0.46, lights=18)),
    shot("weddings/last-light", "2026:06:20 21:48:30", "Last light", "Over the hill", "couple evening", lambda: wedding(25, "dawn", distance=0.3, lights=10)),
    shot("weddings/ceremony/ceremony-01", "2026:06:20 14:04:07", "Waiting", "Nobody is nervous", "ceremony", lambda: wedding(31, "day", distance=0.3, lights=8)),
    shot("weddings/ceremony/ceremony-02", "2026:06:20 14:08:14", "The path", "Petals on the way", "ceremony", lambda: wedding(32, "day", distance=0.38, lights=14)),
    shot("weddings/ceremony/ceremony-03", "2026:06:20 14:12:21", "The words", "Said once, heard by all", "ceremony", lambda: wedding(33, "golden", distance=0.52, lights=12)),
    shot("weddings/ceremony/ceremony-04", "2026:06:20 14:16:28", "Yes", "", "ceremony", lambda: wedding(34, "golden", distance=0.6, lights=24)),
    shot("weddings/ceremony/ceremony-05", "2026:06:20 14:20:35", "Flowers", "From the garden behind the house", "ceremony", lambda: bouquet(35)),
    shot("weddings/ceremony/ceremony-06", "2026:06:20 14:24:42", "The kiss", "", "ceremony", lambda: wedding(36, "dawn", distance=0.62, lights=30)),
    shot("weddings/ceremony/ceremony-07", "2026:06:20 14:28:49", "Going out", "Into the afternoon", "ceremony", lambda: wedding(37, "day", distance=0.34, lights=20)),
    shot("weddings/ceremony/ceremony-08", "2026:06:20 14:32:56", "Confetti", "It was found for weeks", "ceremony", lambda: wedding(38, "dawn", distance=0.44, lights=80)),
)
