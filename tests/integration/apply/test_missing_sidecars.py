"""A photo whose .xmp sidecar is missing keeps what the sidecar said: it may only not be synchronized yet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support import photo_files as made
from tests.support.cli_harness import CliHarness

HARBOUR = made.xmp(title="Harbour", description="Low tide", tags=("boat",))
WITHOUT_TEXTS = "<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"


def write(studio: CliHarness, name: str, data: bytes | str = b"") -> Path:
    path = studio.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def texts(item: dict[str, Any]) -> tuple[str, str, list[str]]:
    tags = (item.get("tags") or {}).get("values") or []
    return item.get("title") or "", item.get("description") or "", sorted(tags)


def publish(studio: CliHarness, count: int, entry: str = "{from: photos/*.jpg}", packet: str = HARBOUR) -> None:
    for number in range(count):
        write(studio, f"photos/{number}.jpg", made.jpeg(size=(100 + number, 50)))
        write(studio, f"photos/{number}.xmp", packet)
    studio.write_gallery([entry])
    studio.apply()


def test_no_number_of_missing_sidecars_clears_or_changes_a_text(studio: CliHarness) -> None:
    publish(studio, 9)
    for number in range(8):
        (studio.root / f"photos/{number}.xmp").unlink()
    write(studio, "photos/0.jpg", made.jpeg(size=(100, 50), iptc=made.iptc((5, b"DSC 0001"))))  # ranks lower
    planned = studio.run("plan", "--detailed-exitcode")
    shown = " ".join(planned.out.split())
    assert (
        "weddings: the .xmp sidecars of 8 photos are missing since the last apply, and the texts are kept: photos/0.jpg, "
        "photos/1.jpg, photos/2.jpg, photos/3.jpg, photos/4.jpg and 3 more; restore them"
    ) in shown
    assert "title:" not in shown.replace("title: null", "")
    assert "cleared" not in shown
    studio.apply()
    assert {texts(item)[0] for item in studio.items()} == {"Harbour"}
    write(studio, "photos/0.xmp", HARBOUR.replace("Harbour", "Quay"))
    studio.apply()
    assert [texts(item)[0] for item in studio.items()] == ["Quay", *["Harbour"] * 8]


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        (
            ".0.xmp.icloud",
            b"",
            "photos/0.xmp is not on this machine, only its placeholder photos/.0.xmp.icloud; download",
        ),
        ("0.xmp.nextcloud", b"", "only its placeholder photos/0.xmp.nextcloud"),
        ("0.jpg.xmp.owncloud", b" ", "photos/0.jpg.xmp is not on this machine"),
        ("0.xmp", b"", "photos/0.xmp: XMP: "),
        ("0.xmp", b"\0" * 4096, "photos/0.xmp: XMP: "),
        ("0.xmp", HARBOUR[:400].encode(), "photos/0.xmp: XMP: "),
        ("0.xmp", b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n", "git lfs pull"),
    ],
)
def test_a_sidecar_that_is_not_all_here_is_a_warning(studio: CliHarness, name: str, data: bytes, why: str) -> None:
    publish(studio, 1)
    (studio.root / "photos/0.xmp").unlink()
    write(studio, f"photos/{name}", data)
    checked = studio.run("validate")
    assert checked.code == 0
    assert why in checked.out
    studio.assert_no_changes()
    studio.apply()
    assert texts(studio.items()[0]) == ("Harbour", "Low tide", ["boat"])


def test_a_link_to_no_sidecar_is_a_warning(studio: CliHarness) -> None:
    publish(studio, 1)
    path = studio.root / "photos/0.xmp"
    path.unlink()
    path.symlink_to("elsewhere.xmp")
    assert "photos/0.xmp is a link to elsewhere.xmp, which does not exist" in studio.run("validate").out
    studio.assert_no_changes()


def test_an_xmp_without_texts_removes_them(studio: CliHarness) -> None:
    publish(studio, 1)
    write(studio, "photos/0.xmp", WITHOUT_TEXTS)
    studio.apply()
    assert texts(studio.items()[0]) == ("", "", [])
    (studio.root / "photos/0.xmp").unlink()
    assert ".xmp" not in studio.run("plan").out


@pytest.mark.parametrize("setting", ["false", "file"])
def test_the_entry_removes_them(studio: CliHarness, setting: str) -> None:
    publish(studio, 1)
    (studio.root / "photos/0.xmp").unlink()
    studio.write_gallery([f"{{from: photos/*.jpg, captions: {setting}}}"])
    studio.apply()
    assert texts(studio.items()[0]) == ("", "", [])
    studio.write_gallery(["{from: photos/*.jpg}"])
    studio.assert_no_changes()


def test_captions_of_the_file_leave_sidecars_out(studio: CliHarness) -> None:
    write(studio, "photos/0.jpg", made.jpeg(iptc=made.iptc((5, b"Own"))))
    write(studio, "photos/0.xmp", HARBOUR)
    studio.write_gallery(["{image: photos/0.jpg, captions: file}"])
    studio.apply()
    assert texts(studio.items()[0]) == ("Own", "", [])


def test_a_yaml_sidecar_still_sets_and_clears_texts(studio: CliHarness) -> None:
    publish(studio, 1)
    (studio.root / "photos/0.xmp").unlink()
    studio.write("photos/0.yaml", "title: null\n")
    studio.apply()
    assert texts(studio.items()[0]) == ("", "Low tide", ["boat"])


def test_texts_of_the_manifest_are_cleared_as_ever(studio: CliHarness) -> None:
    write(studio, "photos/0.jpg", made.jpeg())
    studio.write_gallery(["{from: photos/*.jpg, title: Of all}"])
    studio.apply()
    studio.write_gallery(["{from: photos/*.jpg}"])
    assert "(cleared)" in studio.run("plan").out


def test_the_order_is_kept_without_the_dates_of_sidecars(studio: CliHarness) -> None:
    for name, year in (("a", 2012), ("b", 2011), ("c", 2010)):
        exif = made.Exif(tags={made.ORIGINAL: f"20{'abc'.index(name)}0:01:01 10:00:00"})
        write(studio, f"photos/{name}.jpg", made.jpeg(exif=exif))
        write(studio, f"photos/{name}.xmp", made.xmp(f"<photoshop:DateCreated>{year}-01-01</photoshop:DateCreated>"))
    studio.write_gallery(["{from: photos/*.jpg, order: captured, captions: false}"])
    studio.apply()
    (studio.root / "photos/c.xmp").unlink()
    assert "photos/c.jpg" in studio.run("plan").out
    studio.assert_no_changes()


def test_a_photo_that_a_sidecar_rated_stays_in_its_gallery(studio: CliHarness) -> None:
    rated = made.xmp("<xmp:Rating>5</xmp:Rating>", title="Harbour")
    publish(studio, 3, "{from: photos/*.jpg, where: {rating: 4}}", rated)
    write(studio, "photos/new.jpg", made.jpeg(size=(300, 50)))  # never had a sidecar
    studio.write("photos/new.yaml", "titel: A\n")  # nothing reads it, as where does not select the photo
    (studio.root / "photos/1.xmp").unlink()
    assert studio.run("validate").code == 0
    applied = studio.run("apply", "--auto-approve")
    assert applied.code == 3
    assert "the .xmp sidecar of photos/1.jpg is missing since the last apply" in " ".join(applied.out.split())
    assert len(studio.items()) == 3
    studio.write_gallery(["{from: photos/*.jpg, where: {rating: 4}, except: photos/1.jpg}"])
    studio.apply()
    assert len(studio.items()) == 2


def test_a_photo_renamed_without_its_sidecar_keeps_its_texts(studio: CliHarness) -> None:
    publish(studio, 1)
    (studio.root / "photos/0.jpg").rename(studio.root / "photos/z.jpg")
    studio.apply()
    assert [texts(item)[0] for item in studio.items()] == ["Harbour"]
