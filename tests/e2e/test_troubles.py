"""What goes wrong in front of everybody once: each ends with 1 and one clear message, and nothing on the site is lost."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.e2e_harness import RunningCommand, ServedWorkspace

ITEMS = ["{key: cake, image: photos/cake.jpg, title: Cake}", "{key: words, text: '<p>Thank you</p>'}"]


@pytest.fixture
def applied(served: ServedWorkspace) -> ServedWorkspace:
    """A gallery with a photo and a text, as the manifest says."""
    served.write_photo("cake", 1)
    served.write_gallery(ITEMS)
    assert served.run("apply", "--auto-approve").wait() == 0
    return served


def with_key(served: ServedWorkspace, key: str) -> ServedWorkspace:
    """The same workspace, its key another one."""
    return replace(served, ready={**served.ready, "api_key": key})


def message(command: RunningCommand) -> str:
    """The one message of a command that ended with 1."""
    assert command.wait() == 1, command.out + command.err
    assert "Traceback" not in command.err
    assert command.err.count("Error: ") + command.err.count(" problem in ") <= 1
    return " ".join((command.out + command.err).split())


def site(served: ServedWorkspace) -> str:
    """All galleries with their items, as text."""
    return str(served.call_api("GET", "/progallery/v2/galleries?limit=10&itemLimit=100"))


@pytest.mark.parametrize("args", [("plan",), ("apply", "--auto-approve"), ("drift",), ("show", "--live")])
def test_a_wrong_key(applied: ServedWorkspace, args: tuple[str, ...]) -> None:
    before = site(applied)
    told = message(with_key(applied, "wrong").run(*args))
    assert "GET /progallery/v2/galleries: 401" in told
    assert "request id" in told
    assert "check the API key" in told
    assert site(applied) == before


def test_a_missing_scope_is_told_once_and_stops_the_run(applied: ServedWorkspace) -> None:
    reader = with_key(applied, applied.ready["read_api_key"])
    assert reader.run("plan", "--detailed-exitcode").wait() == 0
    for shade in range(20):
        applied.write_photo(f"new-{shade}", 100 + shade)
    applied.write_gallery([*ITEMS, *(f"{{image: photos/new-{n}.jpg}}" for n in range(20))])
    before = site(applied)
    applied.call_control("stats/reset", {})
    told = message(reader.run("apply", "--auto-approve", "--format", "text"))
    assert told.count("permission Manage Media Manager (SCOPE.DC-MEDIA.MANAGE-MEDIAMANAGER)") == 1
    assert "Not applied: 0 of 20 done" in told
    uploads = applied.http.get("/_emulator/stats").json()["requests"]
    assert uploads["POST /site-media/v1/files/generate-upload-url"] <= 4  # as many as ran at once
    assert site(applied) == before


def test_a_missing_scope_leaves_a_saved_plan_valid(applied: ServedWorkspace) -> None:
    applied.write_photo("new", 7)
    applied.write_gallery([*ITEMS, "{image: photos/new.jpg}", "{key: two, text: '<p>Two</p>'}"])
    assert applied.run("plan", "--out", "plan.json").wait() == 0
    reader = with_key(applied, applied.ready["read_api_key"])
    told = message(reader.run("apply", "plan.json"))
    assert "Not applied: 0 of 2 done" in told
    assert "Run the command again to continue" in told
    if "weddings/two failed to create" in told:  # unless the rejected upload stopped the run before
        assert "/items: 403" in told
    applied_later = applied.run("apply", "plan.json")
    assert applied_later.wait() == 0, applied_later.err


def test_a_gallery_that_the_site_does_not_have(served: ServedWorkspace) -> None:
    served.write_gallery(ITEMS[1:])
    text = (served.root / "galleries/weddings.yaml").read_text()
    bind = "bind: {id: 2f0c1c2e-7d1b-4b8e-9a53-0d3f6a1e9b11}"
    served.write("galleries/weddings.yaml", text.replace("bind: {name: Weddings, create: true}", bind))
    told = message(served.run("apply", "--auto-approve"))
    assert "2f0c1c2e-7d1b-4b8e-9a53-0d3f6a1e9b11" in told
    assert served.call_api("GET", "/progallery/v2/galleries")["galleries"] == []


def test_a_photo_that_is_not_there(applied: ServedWorkspace) -> None:
    (applied.root / "photos/cake.jpg").unlink()
    before = site(applied)
    assert "galleries/weddings.yaml:6:24: photos/cake.jpg does not exist" in message(
        applied.run("apply", "--auto-approve")
    )
    assert site(applied) == before


def test_invalid_yaml(applied: ServedWorkspace) -> None:
    applied.write_gallery([*ITEMS, "{key: [}"])
    before = site(applied)
    assert "galleries/weddings.yaml:8:" in message(applied.run("apply", "--auto-approve"))
    assert site(applied) == before
