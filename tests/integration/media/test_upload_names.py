"""Files whose names have the extension of another type are uploaded; files beyond the known limits cause a warning."""

from __future__ import annotations

import io

from PIL import Image

from tests.support.cli_harness import CliHarness


def test_misnamed_pictures_are_taken_and_an_unlisted_format_is_a_warning(studio: CliHarness) -> None:
    out = io.BytesIO()
    Image.new("RGB", (16, 12), (9, 9, 9)).save(out, "PNG")
    photos = studio.root / "photos"
    photos.mkdir(exist_ok=True)
    (photos / "shot.jpg").write_bytes(out.getvalue())
    (photos / "large.jpg").write_bytes(out.getvalue() + bytes(26_000_000))
    studio.write_gallery(["{from: photos/*.jpg}"])
    warning = "photos/large.jpg has 26.0 MB: Wix may reject images of more than 25 MB, which is not confirmed"
    for command in ("validate", "plan"):
        ran = studio.run(command)
        assert ran.code == 0
        assert warning in " ".join((ran.out + ran.err).split())
    studio.apply()
    again = studio.run("plan")
    assert warning not in " ".join((again.out + again.err).split())
