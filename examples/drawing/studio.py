"""The studio: portraits and still lifes in the light of one lamp."""
# ruff: noqa: S311 - random for pictures

from __future__ import annotations

import random
from collections.abc import Sequence

from PIL import Image

from examples.drawing.canvas import Color, H, W, blend, bokeh, disc, glow, gradient, polygon, shape, vignette
from examples.drawing.shot import shot


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
    """Draw head and shoulders in soft light, without a face."""
    rng = random.Random(seed)
    picture = gradient([(0, back[0]), (1, back[1])])
    glow(picture, (0.5 + side, 0.3), 0.45, blend(back[0], (255, 240, 220), 0.7), 0.6)
    bokeh(picture, rng, [blend(back[0], (255, 255, 255), 0.4)], 6, bottom=0.5)
    x, y = 0.5 + rng.uniform(-0.03, 0.03), 0.43
    if long:
        polygon(picture, [(x - 0.135, 0.4), (x + 0.135, 0.4), (x + 0.16, 0.86), (x - 0.16, 0.86)], hair, blur=5)
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
    """Draw solids on a table, with one lamp on the left."""
    rng = random.Random(seed)
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


# fmt: off
SHOTS = (
    shot("studio/ada", "2026:02:10 10:05:00", "Ada", "Window light", "portrait", lambda: portrait(61, ((92, 104, 112), (40, 46, 54)), (226, 182, 152), (64, 40, 30), (46, 72, 92), long=True)),
    shot("studio/ben", "2026:02:10 11:30:00", "Ben", "", "portrait", lambda: portrait(62, ((150, 116, 92), (74, 52, 44)), (198, 148, 116), (30, 24, 24), (226, 218, 204), side=-0.3)),
    shot("studio/chioma", "2026:02:11 09:45:00", "Chioma", "One lamp, one reflector", "portrait", lambda: portrait(63, ((196, 148, 70), (116, 74, 36)), (128, 82, 58), (24, 18, 18), (150, 42, 52))),
    shot("studio/dmitri", "2026:02:11 14:10:00", "Dmitri", "", "portrait", lambda: portrait(64, ((70, 84, 78), (26, 34, 34)), (232, 192, 166), (196, 186, 172), (34, 36, 42), side=-0.3)),
    shot("studio/emi", "2026:02:12 10:20:00", "Emi", "Between two takes", "portrait", lambda: portrait(65, ((206, 176, 182), (140, 106, 122)), (240, 206, 180), (26, 22, 26), (240, 236, 230), long=True)),
    shot("studio/farid", "2026:02:12 15:00:00", "Farid", "", "portrait", lambda: portrait(66, ((66, 92, 132), (26, 38, 66)), (184, 132, 98), (28, 22, 20), (86, 100, 76))),
    shot("studio/still-life/still-1", "2026:03:01 11:00:00", "Still life no. 1", "Oranges, and what is not one", "still-life", lambda: still(71, (120, 138, 142), (88, 66, 54), [(232, 134, 48), (236, 150, 60), (96, 128, 84)])),
    shot("studio/still-life/still-2", "2026:03:02 12:00:00", "Still life no. 2", "Plaster", "still-life", lambda: still(72, (150, 142, 134), (112, 104, 98), [(226, 220, 210), (206, 198, 188), (232, 226, 218), (198, 190, 182)])),
    shot("studio/still-life/still-3", "2026:03:03 13:00:00", "Still life no. 3", "Red on green", "still-life", lambda: still(73, (66, 96, 84), (44, 58, 50), [(190, 44, 46), (206, 70, 58)])),
    shot("studio/still-life/still-4", "2026:03:04 14:00:00", "Still life no. 4", "Plums", "still-life", lambda: still(74, (176, 152, 120), (118, 86, 62), [(92, 54, 104), (110, 66, 120), (78, 46, 92), (124, 84, 124)])),
    shot("studio/still-life/still-5", "2026:03:05 15:00:00", "Still life no. 5", "Blue", "still-life", lambda: still(75, (70, 92, 128), (40, 52, 82), [(92, 136, 190), (58, 94, 158), (146, 182, 214)])),
    shot("studio/still-life/still-6", "2026:03:06 16:00:00", "Still life no. 6", "Lemons", "still-life", lambda: still(76, (206, 204, 192), (168, 160, 144), [(240, 208, 70), (234, 196, 60), (246, 220, 104)])),
)
