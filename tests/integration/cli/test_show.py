from __future__ import annotations

from tests.studio import Studio


def test_x(wedding: Studio) -> None:
    wedding.apply()
    for args in (
        ["show"],
        ["show", "--live"],
        ["show", "weddings"],
        ["show", "weddings/cake"],
        ["show", "weddings", "--format", "markdown"],
        ["media", "list"],
        ["media", "gc", "--auto-approve"],
    ):
        ran = wedding.run(*args)
        assert ran.code == 0
