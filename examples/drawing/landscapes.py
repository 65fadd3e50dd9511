"""Landscapes: hills, lakes, dunes and the sea, at any hour."""
# ruff: noqa: S311 - random for pictures

from __future__ import annotations

import math
import random

from PIL import Image, ImageDraw, ImageFilter

from examples.drawing.canvas import Color, H, Stop, W, blend, disc, glow, gradient, polygon, vignette
from examples.drawing.shot import shot

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
    """Draw hills under a sky, by a lake or behind firs."""
    rng = random.Random(seed)
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
    """Draw dunes with light on one side of each crest."""
    rng = random.Random(seed)
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
    """Draw the sun's path on the sea."""
    rng = random.Random(seed)
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
        polygon(picture, [(x - half, y), (x, y - 0.003), (x + half, y), (x, y + 0.003)], (255, 216, 160), blur=0.4)
    vignette(picture, 0.3)
    return picture


def ridge(rng: random.Random, base: float, rough: float, *, peaks: float = 2.0) -> list[tuple[float, float]]:
    """Return the outline of hills: a few sines of random phase, closed along the bottom."""
    waves = [(peaks * 1.9**n, rng.uniform(0, math.tau), rough / 1.8**n) for n in range(5)]
    tops = [(x / 120, base + sum(a * math.sin(f * math.tau * x / 120 + p) for f, p, a in waves)) for x in range(121)]
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
    """Draw layers of hills, the distant ones in haze."""
    for layer in range(layers):
        part = layer / max(1, layers - 1)
        outline = ridge(rng, top + (0.98 - top) * part * 0.8, rough * (1 - part * 0.35), peaks=1.2 + part)
        polygon(picture, outline, blend(far, near, part), blur=0.4)


def trees(picture: Image.Image, rng: random.Random, color: Color, *, ground: float, count: int, height: float) -> None:
    """Draw firs along a line."""
    for n in range(count):
        x = (n + rng.uniform(0.1, 0.9)) / count
        tall, base = height * rng.uniform(0.55, 1.0), ground + rng.uniform(-0.01, 0.02)
        for level in range(4):
            top = base - tall * (1 - level * 0.2)
            half = tall * 0.07 * (level + 1.3)
            polygon(picture, [(x, top), (x - half, top + tall * 0.38), (x + half, top + tall * 0.38)], color)


def water(picture: Image.Image, horizon: float, tint: Color, rng: random.Random) -> None:
    """Mirror what is above the horizon below it, with ripples."""
    line = round(H * horizon)
    mirrored = picture.crop((0, max(0, 2 * line - H), W, line)).transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    mirrored = mirrored.resize((W, H - line)).filter(ImageFilter.GaussianBlur(3))
    mirrored = Image.blend(mirrored, Image.new("RGB", mirrored.size, tint), 0.35)
    picture.paste(mirrored, (0, line))
    lighter = [min(255, v + 26) for v in range(256)] * len(picture.getbands())
    for _ in range(90):
        y = line + (H - line) * rng.random() ** 1.6
        length, x = W * rng.uniform(0.02, 0.12) * (0.3 + (y - line) / (H - line)), rng.uniform(0, W)
        band = picture.crop((int(x), int(y), int(x + length) + 1, int(y) + 3))
        picture.paste(band.point(lighter), (int(x), int(y)))


def stars(picture: Image.Image, rng: random.Random, count: int, below: float) -> None:
    """Draw stars, most of them faint."""
    draw = ImageDraw.Draw(picture)
    for _ in range(count):
        x, y, r = rng.uniform(0, W), rng.uniform(0, H * below), rng.choice((0.6, 0.8, 0.8, 1.2, 1.9))
        light = rng.randint(150, 255)
        draw.ellipse((x - r, y - r, x + r, y + r), fill=(light, light, min(255, light + 15)))


# fmt: off
SHOTS = (
    shot("landscapes/lake-at-dawn", "2025:09:03 06:11:20", "Lake at dawn", "No wind until seven", "lake morning", lambda: landscape(41, "dawn", sun=(0.66, 0.4), lake=0.64)),
    shot("landscapes/blue-hills", "2025:09:04 11:40:02", "Blue hills", "Six ridges, counted twice", "hills", lambda: landscape(42, "day", rough=0.06)),
    shot("landscapes/dunes", "2025:04:18 18:52:44", "Dunes", "Footprints lasted an hour", "desert evening", lambda: dunes(43)),
    shot("landscapes/evening-sea", "2025:08:12 20:33:09", "Evening sea", "The last boat had gone", "sea evening", lambda: sea(44, "dusk", (0.58, 0.54))),
    shot("landscapes/stars", "2025:10:24 23:05:31", "Stars over the firs", "Twenty seconds, and cold hands", "night", lambda: landscape(45, "night", fir=True)),
    shot("landscapes/moon-lake", "2025:10:25 21:15:00", "Moon lake", "", "lake night", lambda: landscape(46, "night", sun=(0.36, 0.24), lake=0.66)),
    shot("landscapes/seasons/IMG_2", "2025:05:02 07:12:10", "May morning", "", "spring morning", lambda: landscape(51, "dawn", sun=(0.3, 0.36), fir=True)),
    shot("landscapes/seasons/IMG_4", "2025:07:16 12:30:00", "High summer", "Not a cloud all week", "summer", lambda: landscape(52, "day", sun=(0.78, 0.14), rough=0.035)),
    shot("landscapes/seasons/IMG_7", "2025:07:29 20:58:21", "After the heat", "", "summer evening", lambda: landscape(53, "dusk", sun=(0.5, 0.5))),
    shot("landscapes/seasons/IMG_9", "2025:08:30 17:20:49", "Before the storm", "It came ten minutes later", "summer storm", lambda: landscape(54, "storm", fir=True)),
    shot("landscapes/seasons/IMG_10", "2025:09:21 18:44:30", "Equinox", "", "autumn evening", lambda: landscape(55, "golden", sun=(0.4, 0.44), lake=0.67)),
    shot("landscapes/seasons/IMG_11", "2025:10:11 16:59:12", "Larches", "Gold for one week", "autumn", lambda: landscape(56, "golden", sun=(0.7, 0.38), fir=True)),
    shot("landscapes/seasons/IMG_12", "2025:11:15 09:40:55", "Fog below", "", "autumn fog", lambda: landscape(57, "storm", rough=0.03, lake=0.7)),
    shot("landscapes/seasons/IMG_23", "2025:01:08 08:14:36", "First sun", "The shortest shadow of January", "winter morning", lambda: landscape(58, "dawn", sun=(0.52, 0.44), rough=0.075)),
)
