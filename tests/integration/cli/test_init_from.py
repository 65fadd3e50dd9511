"""`init --from` writes a manifest for each folder of photos, and the first plan of the workspace does not fail."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from galleryctl.emulator import Emulator, create_emulator
from galleryctl.http import httpx
from galleryctl.model.waiting import Waiting, WaitKind
from galleryctl.session.starting import read_gallery_names
from tests.support.cli_harness import CliHarness
from tests.support.listening import listening


@pytest.fixture
def photos(tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]) -> CliHarness:
    folder = CliHarness(tmp_path_factory.mktemp("photos"), capsys)
    for number, name in enumerate(
        ("alps/IMG_1.JPG", "alps/IMG_2.jpg", "coast/dawn.jpg", "galleries/dusk.jpg", "[new]/one.jpeg", "loose.jpg")
    ):
        folder.write_photo(f"photos/{name}", number)
    for name in ("alps/.hidden/x.jpg", "alps/@eaDir/y.jpg", ".trash/z.jpg"):
        folder.write_photo(f"photos/{name}", 99)
    folder.write("photos/alps/notes.txt", "x")
    folder.write("photos/empty/notes.txt", "x")
    return folder


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    """Return a site whose key is in the environment."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        emulator = create_emulator(None, base_url=url)
        monkeypatch.setenv("GALLERYCTL_API_URL", url)
        monkeypatch.setenv("WIX_SITE_ID", emulator.ready.site_id)
        monkeypatch.setenv("WIX_API_KEY", emulator.ready.api_key)
        with listening(emulator.app, listener):
            yield emulator
        emulator.close()


def add_galleries(site: Emulator, *names: str) -> None:
    headers = {"Authorization": site.ready.api_key, "wix-site-id": site.ready.site_id}
    for number, name in enumerate(names):
        body = {"gallery": {"name": name, "sortOrder": number + 1}}
        httpx.post(f"{site.ready.base_url}/progallery/v2/galleries", json=body, headers=headers).raise_for_status()


def manifest(folder: CliHarness, name: str) -> str:
    return (folder.root / "galleries" / f"{name}.yaml").read_text(encoding="utf-8")


def test_each_folder_becomes_a_gallery_that_applies_at_once(photos: CliHarness) -> None:
    ran = photos.run("init", "--from", str(photos.root / "photos"))
    assert ran.code == 0
    assert sorted(path.name for path in (photos.root / "galleries").iterdir()) == [
        "alps.yaml", "coast.yaml", "galleries.yaml", "new.yaml", "photos.yaml",
    ]  # fmt: skip
    assert manifest(photos, "alps") == (
        "# yaml-language-server: $schema=../schemas/gallery.schema.json\n"
        "gallery: alps\n"
        "bind: {name: alps, create: true}\n\n"
        "# All photos and videos of the folder, by name. Titles, descriptions and keywords are read from the files.\n"
        "items:\n  - from: photos/alps\n"
    )
    assert '- from: "photos/[new]"\n' in manifest(photos, "new")
    assert '- from: "photos/*"\n' in manifest(photos, "photos"), "the folders below it are galleries of their own"
    assert "Valid: 5 galleries, 6 items, 6 files" in photos.run("validate").out
    assert photos.run("fmt", "--check").code == 0
    photos.apply()
    photos.assert_no_changes()


def test_folders_of_one_name_are_told_apart(photos: CliHarness) -> None:
    photos.write_photo("photos/alps/2026/x.jpg", 50)
    photos.write_photo("photos/coast/2026/x.jpg", 51)
    assert photos.run("init", "--from", "photos").code == 0
    assert "bind: {name: photos / alps / 2026, create: true}" in manifest(photos, "photos-alps-2026")
    assert "bind: {name: photos / coast / 2026, create: true}" in manifest(photos, "photos-coast-2026")


def test_names_with_signs_of_patterns_name_themselves(photos: CliHarness) -> None:
    photos.write_photo("photos/who*/x.jpg", 50)
    photos.write_photo("photos/[new]/inner/x.jpg", 51)
    assert photos.run("init", "--from", "photos").code == 0
    assert '- from: "photos/who[*]/*"\n' in manifest(photos, "who")
    assert '- from: "photos/[[]new]/*"\n' in manifest(photos, "new")
    assert "Valid: 7 galleries, 8 items, 8 files" in photos.run("validate").out


def test_the_photos_beside_a_workspace_are_a_gallery(photos: CliHarness) -> None:
    photos.write_photo("beside.jpg", 50)
    assert photos.run("init", "--from", ".").code == 0
    names = {path.stem for path in (photos.root / "galleries").iterdir()}
    (own,) = names - {"alps", "coast", "galleries", "new", "photos"}
    assert '- from: "*"\n' in manifest(photos, own)
    assert "Valid: 6 galleries, 7 items, 7 files" in photos.run("validate").out


def test_folders_are_bound_to_the_live_galleries_of_their_names(photos: CliHarness, site: Emulator) -> None:
    add_galleries(site, "Alps", "Rings")
    ran = photos.run("init", "--backend", "wix", "--from", "photos")
    assert ran.code == 0, ran.err
    assert "bind: {name: Alps}\n" in manifest(photos, "alps")
    assert "bind: {name: coast, create: true}\n" in manifest(photos, "coast")
    assert "photos/alps: bound to the live gallery 'alps'" in ran.err
    assert "photos/coast: the site has no gallery 'coast'; create it in the Editor before you apply" in ran.err
    plan = photos.run("plan")
    assert plan.code == 0, plan.err
    assert "+ IMG_1" in plan.out


def test_a_name_that_two_galleries_have_gets_no_manifest(photos: CliHarness, site: Emulator) -> None:
    add_galleries(site, "alps", "Alps")
    ran = photos.run("init", "--backend", "wix", "--from", "photos")
    assert ran.code == 0
    assert "no manifest for photos/alps: 2 galleries are named 'alps': " in ran.err
    assert not (photos.root / "galleries/alps.yaml").exists()
    assert photos.run("plan").code == 0


def test_without_a_key_each_gallery_is_bound_by_name_or_created(
    photos: CliHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WIX_API_KEY", raising=False)
    ran = photos.run("init", "--backend", "wix", "--from", "photos")
    assert ran.code == 0
    assert "bind: {name: alps, create: true}" in manifest(photos, "alps")
    assert "the API Keys Manager of the account" in ran.err
    assert "the part of the address of the site's dashboard after /dashboard/" in ran.err


def test_a_site_that_cannot_be_read_is_a_warning(
    photos: CliHarness, site: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WIX_API_KEY", f"{site.ready.api_key}x")
    ran = photos.run("init", "--backend", "wix", "--from", "photos")
    assert ran.code == 0
    assert "Warning: the galleries of the site cannot be listed: 401" in ran.err
    assert "bind: {name: alps, create: true}" in manifest(photos, "alps")


def test_the_wait_for_the_site_is_announced(photos: CliHarness, site: Emulator) -> None:
    add_galleries(site, "Alps")
    waits: list[Waiting] = []

    @contextmanager
    def observe(waiting: Waiting) -> Iterator[None]:
        waits.append(waiting)
        yield

    names = asyncio.run(read_gallery_names(photos.root, os.environ, observe))
    assert [name for name, _ in names or ()] == ["Alps"]
    assert {waiting.kind for waiting in waits} == {WaitKind.RESPONSE}


def test_photos_outside_the_workspace_are_refused(photos: CliHarness) -> None:
    ran = photos.run("init", "site", "--from", "photos")
    assert ran.code == 1
    assert "the photos are outside the workspace" in ran.err
    assert not (photos.root / "site").exists()
    assert photos.run("init", "--from", "nowhere").code == 1
    ran = photos.run("init", "--from", "photos/empty")
    assert "the folder has no photos or videos" in ran.err
    assert not (photos.root / "galleryctl.yaml").exists()


def test_a_workspace_for_wix_names_the_import_as_the_next_step(photos: CliHarness, site: Emulator) -> None:
    add_galleries(site, "Alps")
    ran = photos.run("init", "--backend", "wix")
    assert f"galleryctl -C {photos.root} import --all" in ran.err
    assert not (photos.root / "galleries").exists()
    ran = photos.run("plan")
    assert ran.code == 1
    assert "import the galleries of the site: galleryctl import --all" in ran.err
    assert photos.run("import", "--all").code == 0
    assert photos.run("plan").code == 0
