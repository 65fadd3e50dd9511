"""`doctor` finds problems, says what to do, and changes nothing."""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Callable, Iterator
from importlib import metadata

import pytest

from galleryctl.emulator import Emulator, create_emulator
from galleryctl.session.open import lock_owner
from galleryctl.state.file_backend import FileStateBackend
from tests.support.cli_harness import CliHarness, CommandResult
from tests.support.listening import listening
from tests.support.reports import parse_report

WIX = """\
galleryctl: 1
backend: {type: wix}
sites: {main: {site_id: "${WIX_SITE_ID}", auth: {api_key: "${WIX_API_KEY}"}}}
galleries: galleries/*.yaml
"""
RIGHTS = ("read galleries", "manage galleries", "media folder", "manage media")


def checks(ran: CommandResult) -> dict[str, dict[str, str]]:
    """Return each check of a run with --format json, by name."""
    document = parse_report(ran.out)
    assert document["kind"] == "diagnosis"
    assert document["exit_code"] == ran.code
    return {check["name"]: check for check in document["checks"]}


def marks(studio: CliHarness, *args: str) -> dict[str, str]:
    """Return the status of each check."""
    found = checks(studio.run("doctor", "--format", "json", *args))
    assert all(check["do"] for check in found.values() if check["status"] != "ok")
    return {name: check["status"] for name, check in found.items()}


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    """An emulator on a port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        made = create_emulator(None, base_url=f"http://127.0.0.1:{listener.getsockname()[1]}")
        with listening(made.app, listener):
            yield made
        made.close()


@pytest.fixture
def online(wedding: CliHarness, emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> CliHarness:
    """A workspace whose site is that emulator."""
    wedding.write("galleryctl.yaml", WIX)
    monkeypatch.setenv("GALLERYCTL_API_URL", emulator.ready.base_url)
    monkeypatch.setenv("WIX_SITE_ID", emulator.ready.site_id)
    monkeypatch.setenv("WIX_API_KEY", emulator.ready.api_key)
    return wedding


def test_a_workspace_in_which_all_is_well(wedding: CliHarness) -> None:
    wedding.apply()
    before = wedding.items()
    ran = wedding.run("doctor")
    assert ran.code == 0
    assert ran.err == ""
    names = [line[6:].split("  ")[0] for line in ran.out.splitlines()[:-1]]
    assert names[:2] == ["python", "package"]
    assert names[-9:] == ["workspace", "manifests", "state", "lock", "journal", *RIGHTS]
    assert all(line.startswith("ok    ") for line in ran.out.splitlines()[:-1])
    assert ran.out.endswith("0 warnings, 0 failed.\n")
    assert wedding.items() == before
    wedding.assert_no_changes()


def test_what_was_never_used_is_not_made(wedding: CliHarness) -> None:
    found = checks(wedding.run("doctor", "--format", "json"))
    assert "no data yet" in found["emulator"]["found"]
    assert not (wedding.root / ".galleryctl").exists()


def test_without_a_workspace_the_installation_is_looked_at(studio: CliHarness) -> None:
    (studio.root / "galleryctl.yaml").unlink()
    ran = studio.run("doctor", "--format", "json")
    assert ran.code == 0
    found = checks(ran)
    assert found["python"]["status"] == "ok"
    assert found["workspace"]["status"] == "warn"
    assert studio.copyable("init") in found["workspace"]["do"]


def test_a_site_with_every_right(online: CliHarness) -> None:
    found = marks(online)
    assert set(found.values()) == {"ok"}
    assert {"network", "clock", "variable WIX_SITE_ID", "variable WIX_API_KEY", *RIGHTS} <= found.keys()


def test_nothing_of_the_site_is_changed(online: CliHarness, emulator: Emulator) -> None:
    store = emulator.pipeline.site.store

    def site() -> list[object]:
        tables = ("galleries", "items", "files", "folders")
        return [store.fetch_documents(f"SELECT doc FROM {table}") for table in tables]  # noqa: S608 - the names above

    before = site()
    assert online.run("doctor").code == 0
    assert site() == before


def test_a_key_that_may_only_read(online: CliHarness, emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WIX_API_KEY", emulator.ready.read_api_key)
    ran = online.run("doctor", "--format", "json")
    assert ran.code == 0
    found = checks(ran)
    assert [found[name]["status"] for name in RIGHTS] == ["ok", "warn", "ok", "warn"]
    assert "plan and drift work, apply does not" in found["manage galleries"]["found"]
    assert "MANAGE-GALLERIES" in found["manage galleries"]["do"]
    assert "MANAGE-MEDIAMANAGER" in found["manage media"]["do"]


def test_a_wrong_key_is_told_once_and_never_shown(online: CliHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WIX_API_KEY", "IST.planted-secret")
    ran = online.run("doctor", "-v")
    assert ran.code == 1
    assert ran.out.count("fail  ") == 1
    assert "401" in ran.out
    assert "check the API key" in ran.out
    assert "planted-secret" not in ran.out + ran.err


def test_a_key_of_another_site(online: CliHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WIX_SITE_ID", "6f1f6d0c-9c5c-4d0b-8c1c-1d8f6f0e1a11")
    found = checks(online.run("doctor", "--format", "json"))
    assert found["read galleries"]["status"] == "fail"
    assert "READ-GALLERIES" in found["read galleries"]["do"]


def test_an_app_with_its_secret(online: CliHarness, emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    ready = emulator.ready
    auth = "{app_id: '${APP_ID}', app_secret: '${WIX_APP_SECRET}', instance_id: '${INSTANCE_ID}'}"
    text = WIX.replace('{api_key: "${WIX_API_KEY}"}', auth)
    online.write("galleryctl.yaml", text)
    for name, value in (
        ("APP_ID", ready.app_id),
        ("WIX_APP_SECRET", ready.app_secret),
        ("INSTANCE_ID", ready.instance_id),
    ):
        monkeypatch.setenv(name, value)
    assert set(marks(online).values()) == {"ok"}
    monkeypatch.setenv("WIX_APP_SECRET", "wrong")
    assert marks(online)["read galleries"] == "fail"


def test_nobody_answers(online: CliHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GALLERYCTL_API_URL", "http://127.0.0.1:1")
    found = checks(online.run("doctor", "--format", "json"))
    assert found["network"]["status"] == "fail"
    assert "http://127.0.0.1:1: no response (ConnectError)" in found["network"]["found"]
    assert found["state"]["status"] == "ok"
    assert not set(RIGHTS) & found.keys()


@pytest.mark.parametrize(
    ("date", "status", "told"),
    [
        (b"Mon, 01 Jan 2001 00:00:00 GMT", "warn", "seconds ahead of the API"),
        (b"Fri, 01 Jan 2100 00:00:00 GMT", "warn", "seconds behind the API"),
        (b"yesterday", "ok", "the API sends no date"),
        (None, "ok", "the API sends no date"),
    ],
)
def test_the_clock_is_compared(
    online: CliHarness, monkeypatch: pytest.MonkeyPatch, date: bytes | None, status: str, told: str
) -> None:
    async def app(scope: object, receive: object, send: Callable[..., object]) -> None:
        headers = [] if date is None else [(b"date", date)]
        await send({"type": "http.response.start", "status": 401, "headers": headers})  # type: ignore[misc]  # ASGI
        await send({"type": "http.response.body", "body": b"{}"})  # type: ignore[misc]  # as above

    with socket.create_server(("127.0.0.1", 0)) as listener, listening(app, listener, dated=False):
        monkeypatch.setenv("GALLERYCTL_API_URL", f"http://127.0.0.1:{listener.getsockname()[1]}")
        found = checks(online.run("doctor", "--format", "json"))
    assert found["clock"]["status"] == status
    assert told in found["clock"]["found"]
    assert found["read galleries"]["status"] == "fail"


def test_variables_that_are_missing_or_empty(online: CliHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WIX_SITE_ID")
    monkeypatch.setenv("WIX_API_KEY", "")
    online.write_gallery(["{key: words, text: '${GALLERYCTL_VAR_WORDS}'}"])
    ran = online.run("doctor", "--format", "json")
    assert ran.code == 1
    found = checks(ran)
    assert found["variable WIX_SITE_ID"]["found"] == "not set"
    assert found["variable WIX_API_KEY"]["found"] == "empty"
    assert found["variable GALLERYCTL_VAR_WORDS"]["status"] == "fail"
    assert found["variable GALLERYCTL_VAR_WORDS"]["do"] == "export GALLERYCTL_VAR_WORDS=..."


def test_only_the_variables_of_the_selected_site_are_checked(
    online: CliHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = '  other: {site_id: "${OTHER_SITE}", auth: {api_key: "${WIX_OTHER_API_KEY}"}}\n'
    sites = WIX.replace("sites: {main: ", "sites:\n  main: ").replace(
        "}}}\n", f"}}}}\n{other}state: '.galleryctl/{{site}}.json'\n"
    )
    online.write("galleryctl.yaml", sites)
    assert marks(online, "--site", "main")["variable WIX_API_KEY"] == "ok"
    assert not [name for name in marks(online, "--site", "main") if "OTHER" in name]
    assert marks(online)["variable WIX_OTHER_API_KEY"] == "fail"
    monkeypatch.setenv("GALLERYCTL_CREDENTIAL_COMMAND", "no-such-program-4f1c9e")
    assert "variable WIX_API_KEY" not in marks(online, "--site", "main")


def test_a_local_backend_asks_for_no_variables_of_its_sites(wedding: CliHarness) -> None:
    wedding.write("galleryctl.yaml", WIX.replace("wix", "local"))
    assert not [name for name in marks(wedding) if name.startswith("variable")]


def test_problems_of_the_files(wedding: CliHarness) -> None:
    wedding.write_gallery([f"{{key: k{number}, image: photos/none-{number}.jpg}}" for number in range(5)])
    found = checks(wedding.run("doctor", "--format", "json"))
    assert found["manifests"]["status"] == "fail"
    assert found["manifests"]["found"].startswith("galleries/weddings.yaml:5:22: photos/none-0.jpg does not exist")
    assert found["manifests"]["found"].endswith("; and 2 more")
    assert found["manifests"]["do"] == f"list all problems: {wedding.copyable('validate')}"
    wedding.write("galleryctl.yaml", "galleryctl: 2\n")
    ran = wedding.run("doctor")
    assert ran.code == 1
    assert "fail  workspace" in ran.out
    wedding.write("galleryctl.yaml", "a: [\n")
    assert wedding.run("doctor").code == 1


def test_state_that_cannot_be_read_or_is_of_another_site(wedding: CliHarness) -> None:
    wedding.apply()
    state = wedding.root / ".galleryctl" / "state.json"
    text = state.read_text(encoding="utf-8")
    state.write_text(text.replace('"site_id": "', '"site_id": "x'), encoding="utf-8")
    assert marks(wedding)["state"] == "fail"
    state.write_text("{", encoding="utf-8")
    found = checks(wedding.run("doctor", "--format", "json"))
    assert found["state"]["status"] == "fail"
    assert wedding.copyable("state rebuild") in found["state"]["do"]
    assert found["read galleries"]["status"] == "ok"


def test_a_lock_and_a_run_that_was_broken_off(wedding: CliHarness) -> None:
    wedding.apply()
    state = wedding.state()
    header = {"journal": 2, "run": "run-1", "started": "x", "carried": []} | {
        name: state[name] for name in ("site_id", "lineage", "serial")
    }
    (wedding.root / ".galleryctl" / "journal-main.jsonl").write_text(json.dumps(header) + "\n", encoding="utf-8")
    with FileStateBackend(wedding.root / ".galleryctl" / "state.json").lock(lock_owner("apply")):
        ran = wedding.run("doctor", "--format", "json")
    assert ran.code == 0
    found = checks(ran)
    assert found["lock"]["status"] == "warn"
    assert wedding.copyable("state unlock") in found["lock"]["do"]
    assert found["journal"]["status"] == "warn"
    assert marks(wedding)["lock"] == "ok"


def test_every_site_of_a_workspace(wedding: CliHarness) -> None:
    wedding.write(
        "galleryctl.yaml",
        "galleryctl: 1\nbackend: {type: local}\nsites: {north: {}, south: {}}\n"
        "galleries: galleries/*.yaml\nstate: '.galleryctl/state-{site}.json'\n",
    )
    wedding.apply("--site", "north")
    found = marks(wedding)
    assert {"north: state", "north: read galleries", "south: emulator"} <= found.keys()
    assert "south: emulator" not in marks(wedding, "--site", "north")
    assert marks(wedding, "--site", "west")["site"] == "fail"


@pytest.mark.parametrize(("local", "status"), [(True, "fail"), (False, "warn")])
def test_an_extra_that_is_missing(
    studio: CliHarness, monkeypatch: pytest.MonkeyPatch, local: bool, status: str
) -> None:
    found = metadata.distribution

    def without(name: str) -> metadata.Distribution:
        if name == "uvicorn":
            raise metadata.PackageNotFoundError(name)
        return found(name)

    monkeypatch.setattr(metadata, "distribution", without)
    if not local:
        (studio.root / "galleryctl.yaml").unlink()
    check = checks(studio.run("doctor", "--format", "json"))["extra emulator"]
    assert check["status"] == status
    assert check["found"] == "not installed: uvicorn"
    assert check["do"] == "in the checkout of galleryctl: python -m pip install '.[emulator]'"


def test_an_old_python_and_a_package_that_is_not_installed(studio: CliHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> object:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "metadata", missing)
    monkeypatch.setattr(sys, "version_info", (3, 10, 4))
    found = checks(studio.run("doctor", "--format", "json"))
    assert found["python"]["status"] == "fail"
    assert found["package"]["status"] == "warn"


@pytest.mark.parametrize("format_", ["markdown", "html", "github"])
def test_every_format_tells_what_is_wrong_and_what_to_do(wedding: CliHarness, format_: str) -> None:
    wedding.write("galleries/weddings.yaml", "items: [\n")
    ran = wedding.run("doctor", "--format", format_)
    assert ran.code == 1
    assert "list all problems: galleryctl -C " in ran.out
    assert "1 failed" in ran.out


def test_a_folder_that_is_a_file_is_wrong_usage(studio: CliHarness) -> None:
    ran = studio.run("-C", str(studio.root / "galleryctl.yaml"), "doctor")
    assert ran.code == 1
    assert "is a file" in ran.err
