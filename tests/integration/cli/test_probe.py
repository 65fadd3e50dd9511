"""`probe`: consent, the table, the profile, and what the workspace and the emulator make of it."""

from __future__ import annotations

import json
import os
import pty
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from galleryctl.http import httpx
from tests.support.cli_harness import CliHarness, call_emulator
from tests.support.processes import start_server

SCHEMAS = Path(__file__).parents[3] / "schemas"
PROFILE = "galleryctl_profile: 1\nsite_id: s\nitem_order: descending\n"


def check_schema(name: str, document: object) -> None:
    schema = json.loads((SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator(schema).validate(document)


def site(studio: CliHarness) -> list[Any]:
    return [studio.galleries(), studio.files()]


def profile(studio: CliHarness, name: str = "profile-main.yaml") -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((studio.root / name).read_text(encoding="utf-8"))
    check_schema("profile", document)
    return document


@pytest.fixture
def type_answers(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Answer the questions at a terminal."""
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, encoding="utf-8") as terminal:
        monkeypatch.setattr("sys.stdin", terminal)
        yield lambda text: (os.write(ours, text.encode()), None)[1]
    os.close(ours)


def test_the_table_shows_evidence_and_requests_and_nothing_is_left(studio: CliHarness) -> None:
    studio.call_api("POST", "/_emulator/settings", {"trim_texts": True, "item_limit_max": 100})
    ran = studio.run("probe", "--auto-approve")
    assert ran.code == 0, ran.out + ran.err
    lines = {line.split("  ")[0]: line for line in ran.out.splitlines()}
    assert " ".join(lines["spaces at both ends"].split()) == 'spaces at both ends removed 2 title: " Rings " → "Rings"'
    assert "100 accepted" in lines["largest itemLimit"]
    assert "cannot be probed" in lines["direction of display"]
    assert "give --item-order" in lines["direction of display"]
    assert ran.out.splitlines()[-1].startswith("Probed site main: 27 found, 4 cannot be probed. ")
    assert ran.out.splitlines()[-1].endswith("Everything that it created was deleted.")
    assert "Probing: read lag" in ran.err
    assert site(studio) == [[], []]


def test_a_row_says_what_is_unknown(studio: CliHarness) -> None:
    ran = studio.run("probe", "--auto-approve")
    (row,) = [line for line in ran.out.splitlines() if line.startswith("responses to updates ")]
    assert " unknown: no difference between what was sent and what is stored was seen " in row
    assert " 26 found, 1 unknown, " in ran.out


def test_json_has_the_facts_and_the_profile_has_the_switches(studio: CliHarness) -> None:
    ran = studio.run(
        "probe", "--auto-approve", "--format", "json", "--item-order", "descending", "--out", "profiles/a.yaml", "-q"
    )
    assert (ran.code, ran.err) == (0, "")
    document = json.loads(ran.out)
    check_schema("probe", document)
    assert document["requests"]["total"] <= document["requests"]["limit"] == 150
    written = profile(studio, "profiles/a.yaml")
    assert written["item_order"] == "descending"
    assert written["switches"] == document["switches"]
    (display,) = [fact["evidence"] for fact in document["facts"] if fact["fact"] == "direction of display"]
    assert display == "only a page of the site shows it; --item-order says descending"
    text = (studio.root / "profiles/a.yaml").read_text(encoding="utf-8")
    assert "\nitem_order: descending  # the direction in which the site displays items\n" in text
    assert '\n  item_order: "ascending"  # of the items that the API lists\n' in text
    assert written["site_id"] == document["site_id"]


def test_consent_names_the_site_and_what_is_created(studio: CliHarness, type_answers: Callable[[str], None]) -> None:
    type_answers("no\n")
    ran = studio.run("probe", "-q")
    assert (ran.code, ran.out) == (1, "")
    assert "galleryctl will probe site main (" in ran.err
    assert "create the gallery galleryctl-probe-" in ran.err
    assert "at most 150 requests" in ran.err
    assert "Probe site main? Only 'yes' is accepted" in ran.err
    assert site(studio) == [[], []]
    assert not (studio.root / "profile-main.yaml").exists()


def test_the_direction_of_display_is_asked(studio: CliHarness, type_answers: Callable[[str], None]) -> None:
    type_answers("yes\ndescending\n")
    ran = studio.run("probe")
    assert ran.code == 0, ran.err
    assert "Which item comes first" in ran.err
    assert profile(studio)["item_order"] == "descending"


def test_without_a_terminal_consent_is_an_option(studio: CliHarness) -> None:
    ran = studio.run("probe")
    assert ran.code == 1
    assert "give --auto-approve" in ran.err
    assert not (studio.root / ".galleryctl").exists()


def test_a_file_that_is_not_a_profile_is_not_overwritten(studio: CliHarness) -> None:
    studio.write("profile-main.yaml", "mine: 1\n")
    ran = studio.run("probe", "--auto-approve", "-vv")
    assert (ran.code, "GET" in ran.err) == (1, False)
    assert "not generated by galleryctl" in ran.err
    studio.write("profile-main.yaml", "")
    assert studio.run("probe", "--auto-approve").code == 1
    (studio.root / "profile-main.yaml").unlink()
    assert studio.run("probe", "--auto-approve", "-q").code == 0
    assert studio.run("probe", "--auto-approve", "-q").code == 0


def test_managed_galleries_are_left_as_they_are(wedding: CliHarness) -> None:
    wedding.apply()
    before = site(wedding)
    assert wedding.run("probe", "--auto-approve").code == 0
    assert site(wedding) == before
    wedding.assert_no_changes()


def test_a_signal_ends_it_and_everything_is_deleted(studio: CliHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    send, pressed = httpx.ASGITransport.handle_async_request, [signal.SIGINT]

    async def press(transport: httpx.ASGITransport, request: httpx.Request) -> httpx.Response:
        if request.method == "PATCH" and pressed:
            signal.raise_signal(pressed.pop())
        return await send(transport, request)

    with monkeypatch.context() as patch:
        patch.setattr(httpx.ASGITransport, "handle_async_request", press)
        ran = studio.run("probe", "--auto-approve")
    assert ran.code == 130
    assert "Stopping after the requests in progress" in ran.err
    assert "the probe was interrupted" in ran.out
    assert ran.err.endswith("No profile was written, because not all questions were reached.\n")
    assert not (studio.root / "profile-main.yaml").exists()
    assert site(studio) == [[], []]


def test_the_workspace_takes_the_direction_of_display_from_the_profile(studio: CliHarness) -> None:
    studio.write("profile.yaml", PROFILE)
    head = "galleryctl: 1\nbackend: {type: local}\ngalleries: galleries/*.yaml\n"
    studio.write("galleryctl.yaml", f"{head}profile: profile.yaml\n")
    items = ["{key: a, text: <p>a</p>, title: a}", "{key: b, text: <p>b</p>, title: b}"]
    studio.write_gallery(items)
    studio.apply()
    assert studio.titles() == ["b", "a"]
    studio.write("galleryctl.yaml", f"{head}profile: profile.yaml\nitem_order: ascending\n")
    studio.apply()
    assert studio.titles() == ["a", "b"]


@pytest.mark.parametrize(
    ("profile_path", "content", "message"),
    [
        ("profile.yaml", "galleryctl_profile: 2\nsite_id: s\n", "profile.yaml:1:21: "),
        ("profile.yaml", f"{PROFILE}switches: {{max_delete_percent: 100}}\n", "max_delete_percent"),
        ("profile.yaml", f"{PROFILE}limits: {{max_delete_percent: 100}}\n", "limits"),
        ("profile.yaml", f"{PROFILE}switches: {{trim_texts: maybe}}\n", "profile.yaml:4:24: "),
        ("none.yaml", PROFILE, "none.yaml:1:1: cannot be read"),
        ("a/../../profile.yaml", PROFILE, "profile is outside the workspace"),
        ("/etc/hostname", PROFILE, "galleryctl.yaml:4:10: "),
    ],
)
def test_an_invalid_profile_is_reported_with_its_place(
    wedding: CliHarness, profile_path: str, content: str, message: str
) -> None:
    wedding.write("profile.yaml", content)
    head = "galleryctl: 1\nbackend: {type: local}\ngalleries: galleries/*.yaml\n"
    wedding.write("galleryctl.yaml", f"{head}profile: {profile_path}\n")
    ran = wedding.run("validate")
    assert ran.code == 1
    assert message in ran.err


def test_a_profile_of_another_site_is_rejected(wedding: CliHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WIX_API_KEY", "secret")
    sites = "sites: {a: {site_id: s, auth: {api_key: '${WIX_API_KEY}'}}, b: {site_id: other, auth: {api_key: '${WIX_API_KEY}'}}}"
    head = f"galleryctl: 1\n{sites}\ngalleries: galleries/*.yaml\nstate: 'state-{{site}}.json'\n"
    for name in "ab":
        wedding.write(f"profile-{name}.yaml", PROFILE)
    wedding.write("galleryctl.yaml", f"{head}profile: 'profile-{{site}}.yaml'\n")
    assert "profile-b.yaml:1:1: this profile is of site s, not of other" in wedding.run("validate").err
    assert wedding.run("validate", "--site", "a").code == 0
    wedding.write("galleryctl.yaml", f"{head}profile: profile.yaml\n")
    assert "each site needs its own profile" in wedding.run("validate").err


def test_the_emulator_behaves_as_the_profile_says(studio: CliHarness, tmp_path: Path) -> None:
    studio.call_api("POST", "/_emulator/settings", {"trim_texts": True, "sort_order_precision": "six_digits"})
    assert studio.run("probe", "--auto-approve").code == 0
    switches = profile(studio)["switches"]
    file, data = studio.root / "profile-main.yaml", tmp_path / "other"
    with start_server(tmp_path / "ready.json", "emulator", "--data", str(data), "--profile", str(file)) as emulator:
        settings = httpx.get(f"{emulator.ready['base_url']}/_emulator/settings").json()
        emulator.stop()
    assert {name: settings[name] for name in switches} == switches
    assert call_emulator(data, "GET", "/_emulator/settings")["trim_texts"] is True
