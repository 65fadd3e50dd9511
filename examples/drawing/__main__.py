"""Draw all photos."""

from __future__ import annotations

from pathlib import Path

from examples.drawing import landscapes, studio, weddings
from examples.drawing.shot import save

PORTFOLIO = Path(__file__).parents[1] / "portfolio"

if __name__ == "__main__":
    for entry in (*weddings.SHOTS, *landscapes.SHOTS, *studio.SHOTS):
        save(entry, PORTFOLIO)
