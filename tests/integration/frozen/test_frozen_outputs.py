"""What commands print for programs, their exit codes and their options are what they were."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib.metadata import entry_points

import click
import jwt
import pytest

from galleryctl.http import httpx
from tests.support.cli_harness import CliHarness, Doc
from tests.support.frozen_site import FROZEN, Frozen, normalised, read

EXAMPLES = FROZEN.parents[1] / "examples"
KNOWN = "".join((FROZEN / name).read_text(encoding="utf-8") for name in ("site.json", "state-format-1.json"))
"""The ids in these files are exact in all that is printed."""
OURS = {"gallery": {"name": "Weddings"}}
DANCE = {**OURS, "item": {"title": "First dance"}}
PEOPLE: Doc = {
    "gallery": None,
    "set": {"id": "11111111-2222-4333-8444-555555555555", "name": "People", "sortOrder": 9.0},
}
ADA: Doc = {
    "gallery": {"name": "People"},
    "item": None,
    "set": {
        "id": "66666666-7777-4888-9999-000000000000",
        "type": "TEXT",
        "title": "Ada",
        "text": {"html": "<p>Hello</p>"},
        "sortOrder": 1.0,
    },
}


def nothing(frozen: Frozen) -> None:
    """An empty folder."""


def applied(frozen: Frozen) -> None:
    frozen.restore()


def changes(frozen: Frozen) -> None:
    frozen.restore("after")


def encrypted(frozen: Frozen) -> None:
    frozen.restore(encrypted=True)


def drifted(frozen: Frozen) -> None:
    frozen.restore()
    frozen.edit({**DANCE, "set": {"title": "Theirs"}})


def others(frozen: Frozen) -> None:
    """The site has a gallery that is not managed."""
    frozen.restore()
    frozen.edit(PEOPLE, ADA)


def unused(frozen: Frozen) -> None:
    """A file was uploaded that nothing shows."""
    frozen.restore()
    frozen.change(*read("site.json")["steps"]["upload photos/cake.jpg"])


def former(frozen: Frozen) -> None:
    """The state has a former version."""
    frozen.restore()
    assert frozen.run("state", "mv", "weddings/old", "weddings/new").code == 0


def untidy(frozen: Frozen) -> None:
    """A manifest is not in the one format."""
    frozen.restore()
    path = frozen.root / "galleries/weddings.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("gallery: ", "gallery:   "), encoding="utf-8")


def invalid(frozen: Frozen) -> None:
    frozen.restore()
    frozen.write("galleries/bad.yaml", "gallery: bad\nbind: {name: Bad, create: true}\nitems:\n  - {title: 7}\n")


def unknown_gallery(frozen: Frozen) -> None:
    frozen.restore()
    frozen.write("galleries/people.yaml", "gallery: people\nbind: {name: Nobody}\nitems: []\n")


def emptied(frozen: Frozen) -> None:
    frozen.restore()
    frozen.write_gallery([], head="bind: {name: Weddings, create: true}\nname: Weddings\n")


def stale(frozen: Frozen) -> None:
    """A plan was saved, and the site moved on."""
    frozen.restore("after")
    assert frozen.run("plan", "--out", "plan.json").code == 0
    frozen.edit({**DANCE, "set": {"title": "Theirs"}})


def broken(frozen: Frozen) -> None:
    frozen.restore()
    frozen.write(".galleryctl/state.json", "{")


def recorded(frozen: Frozen) -> None:
    """A run is in the history."""
    changes(frozen)
    assert frozen.run("apply", "--auto-approve").code == 0


def failing(frozen: Frozen) -> None:
    """Somebody deletes an item while the apply is about to update it."""
    frozen.restore("after")
    fault = {"fault": "edit", "method": "PATCH", "path": "items/", "edits": [{**DANCE, "delete": True}]}
    frozen.call_api("POST", "/_emulator/faults", {"script": [fault]})


CASES: dict[str, tuple[Callable[[Frozen], None], str]] = {
    "init": (nothing, "init new"),
    "validate": (changes, "validate"),
    "lint": (changes, "lint"),
    "fmt": (untidy, "fmt"),
    "plan": (changes, "plan"),
    "plan-refused": (emptied, "plan"),
    "plan-destroy": (applied, "plan --destroy"),
    "drift": (drifted, "drift"),
    "drift-accept": (drifted, "drift --accept --dry-run"),
    "apply": (changes, "apply --auto-approve"),
    "apply-nothing": (applied, "apply --auto-approve"),
    "apply-in-part": (failing, "apply --auto-approve"),
    "apply-interrupted": (changes, "apply --auto-approve"),
    "history": (recorded, "history"),
    "history-run": (recorded, "history 1"),
    "undo": (recorded, "undo 1"),
    "show": (applied, "show"),
    "show-live": (others, "show --live"),
    "show-gallery": (applied, "show weddings"),
    "show-item": (applied, "show weddings/dance"),
    "state-list": (applied, "state list weddings/words"),
    "state-show": (applied, "state show weddings/dance"),
    "state-mv": (applied, "state mv weddings/old weddings/new"),
    "state-rm": (applied, "state rm weddings/old"),
    "state-rebuild": (applied, "state rebuild --auto-approve"),
    "state-restore": (former, "state restore 4"),
    "state-reseal": (encrypted, "state reseal"),
    "media-list": (unused, "media list"),
    "media-gc": (unused, "media gc --auto-approve"),
    "import": (others, "import --name People"),
    "import-dry-run": (others, "import --all --dry-run"),
    "doctor": (applied, "doctor"),
    "failure-usage": (applied, "plan --nope"),
    "failure-invalid": (invalid, "validate"),
    "failure-not-formatted": (untidy, "fmt --check"),
    "failure-no-workspace": (nothing, "plan"),
    "failure-no-plan": (broken, "apply galleries/weddings.yaml"),
    "failure-refused": (emptied, "apply --auto-approve"),
    "failure-match": (unknown_gallery, "plan"),
    "failure-stale": (stale, "apply plan.json"),
    "failure-state": (broken, "plan"),
    "failure-locked": (applied, "apply --auto-approve"),
    "failure-api": (applied, "plan"),
    "failure-interrupted": (applied, "apply --auto-approve"),
}
"""Each name is that of a file in json-outputs: how the workspace is made, and the command."""


@contextmanager
def locked(frozen: Frozen) -> Iterator[None]:
    """Another run holds the lock."""
    with (frozen.root / ".galleryctl/state.json.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def forbidden(_frozen: Frozen) -> Iterator[None]:
    """The site refuses every request."""
    with pytest.MonkeyPatch.context() as patch:

        async def refuse(_: httpx.ASGITransport, request: httpx.Request) -> httpx.Response:
            body = httpx.ByteStream(b'{"message": "Forbidden", "details": {}}')
            return httpx.Response(403, stream=body, request=request)

        patch.setattr(httpx.ASGITransport, "handle_async_request", refuse)
        yield


def interrupted(method: str) -> Callable[[Frozen], AbstractContextManager[None]]:
    """Ctrl-C comes with the first request of that method."""

    @contextmanager
    def watch(_frozen: Frozen) -> Iterator[None]:
        send = httpx.ASGITransport.handle_async_request
        waiting = [signal.SIGINT]

        async def press(transport: httpx.ASGITransport, request: httpx.Request) -> httpx.Response:
            if request.method == method and waiting:
                signal.raise_signal(waiting.pop())
                await asyncio.sleep(0.01)  # the embedded emulator never lets the event loop see it
            return await send(transport, request)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(httpx.ASGITransport, "handle_async_request", press)
            yield

    return watch


MEANWHILE: dict[str, Callable[[Frozen], AbstractContextManager[None]]] = {
    "apply-interrupted": interrupted("PATCH"),
    "failure-locked": locked,
    "failure-api": forbidden,
    "failure-interrupted": interrupted("GET"),
}
"""What goes on while the command of a case runs."""


def printed(frozen: Frozen, name: str) -> Doc:
    """The command of that case, its exit code and what it printed."""
    prepare, command = CASES[name]
    prepare(frozen)
    with MEANWHILE.get(name, nullcontext)(frozen):
        ran = frozen.run(*command.split(), "--format", "json")
    output = normalised(json.loads(ran.out), frozen.root, KNOWN)
    return {"command": f"galleryctl {command} --format json", "exit_code": ran.code, "output": output}


@pytest.mark.parametrize("name", CASES)
def test_the_json_of_a_command_is_what_it_was(frozen: Frozen, name: str) -> None:
    assert printed(frozen, name) == read(f"json-outputs/{name}.json")


def test_every_frozen_output_is_looked_at() -> None:
    assert {path.stem for path in (FROZEN / "json-outputs").iterdir()} == {*CASES, "events"}


def event_printed(frozen: Frozen) -> Doc:
    """What `events` prints of one delivery that the key of the site's app signed."""
    frozen.restore()
    keys = json.loads((frozen.site / "credentials.json").read_text(encoding="utf-8"))
    frozen.write("app.pem", keys["public_key"])
    body = {
        "id": "e1",
        "entityFqdn": "wix.pro_gallery.v2.gallery",
        "slug": "gallery_item_updated",
        "entityId": "11111111-2222-4333-8444-555555555555",
        "eventTime": "2027-01-15T08:00:00.000Z",
        "entityEventSequence": "7",
        "actionEvent": {"body": {"updatedItem": {"id": "66666666-7777-4888-9999-000000000000", "title": "Cake"}}},
    }
    data = {
        "eventType": "wix.pro_gallery.gallery_v2_gallery_item_updated",
        "instanceId": keys["instance_id"],
        "data": json.dumps(body),
        "identity": json.dumps({"identityType": "APP"}),
    }
    now = int(time.time())
    claims = {"data": json.dumps(data), "iat": now, "exp": now + 3600}
    token = jwt.encode(claims, keys["private_key"], algorithm="RS256")
    ready = frozen.root / "ready.json"

    def deliver() -> None:
        deadline = time.monotonic() + 30
        while not ready.exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        httpx.post(json.loads(ready.read_text(encoding="utf-8"))["url"], content=token)

    command = "events --max 1"
    options = ["--public-key", "app.pem", "--instance-id", keys["instance_id"], "--ready-file", str(ready)]
    sender = threading.Thread(target=deliver)
    sender.start()
    ran = frozen.run(*command.split(), "--format", "json", *options)
    sender.join()
    output = normalised(json.loads(ran.out), frozen.root, json.dumps(body))
    return {"command": f"galleryctl {command} --format json", "exit_code": ran.code, "output": output}


def test_the_json_of_an_event_is_what_it_was(frozen: Frozen) -> None:
    assert event_printed(frozen) == read("json-outputs/events.json")


CODES: tuple[tuple[Callable[[Frozen], None], str], ...] = (
    (applied, "--help"),
    (applied, "--version"),
    (applied, "state"),
    (applied, "aply"),
    (applied, "plan --nope"),
    (applied, "plan --format pdf"),
    (applied, "plan one two"),
    (applied, "schema"),
    (applied, "schema nothing"),
    (applied, "validate"),
    (invalid, "validate"),
    (applied, "fmt --check"),
    (untidy, "fmt --check"),
    (untidy, "fmt --diff"),
    (applied, "plan"),
    (changes, "plan"),
    (applied, "plan --detailed-exitcode"),
    (changes, "plan --detailed-exitcode"),
    (emptied, "plan"),
    (emptied, "plan --detailed-exitcode"),
    (changes, "plan --target weddings/nope"),
    (unknown_gallery, "plan"),
    (broken, "plan"),
    (applied, "drift"),
    (drifted, "drift"),
    (applied, "drift --accept"),
    (drifted, "drift --accept"),
    (applied, "apply --auto-approve"),
    (changes, "apply --auto-approve"),
    (changes, "apply"),
    (failing, "apply --auto-approve"),
    (emptied, "apply --auto-approve"),
    (stale, "apply plan.json"),
    (applied, "apply none.json"),
    (applied, "destroy --auto-approve"),
    (applied, "import --name Nobody"),
    (applied, "show none.json"),
    (applied, "history"),
    (recorded, "history 1"),
    (applied, "history 1"),
    (applied, "history 0"),
    (recorded, "undo 1"),
    (applied, "undo 1"),
    (applied, "undo"),
    (applied, "state list"),
    (applied, "state list weddings/nope"),
    (applied, "state versions"),
    (applied, "state restore 77"),
    (applied, "state unlock"),
    (applied, "state unlock abc --force"),
    (applied, "velo weddings"),
    (applied, "velo nope"),
    (applied, "media list"),
    (applied, "doctor"),
    (broken, "doctor"),
)
"""How the workspace is made, and a command."""


def code_of(frozen: Frozen, prepare: Callable[[Frozen], None], command: str) -> Doc:
    """The exit code of a command that prints text."""
    prepare(frozen)
    return {"given": prepare.__name__, "command": command, "exit_code": frozen.run(*command.split()).code}


@pytest.mark.parametrize(("number", "prepare", "command"), [(n, *case) for n, case in enumerate(CODES)])
def test_exit_codes_are_what_they_were(
    frozen: Frozen, number: int, prepare: Callable[[Frozen], None], command: str
) -> None:
    frozen_codes = read("exit-codes.json")
    assert len(frozen_codes) == len(CODES)
    assert code_of(frozen, prepare, command) == frozen_codes[number]


def command_line() -> click.Group:
    """The commands behind the console script, whatever their module and their variable are called."""
    script, *_ = entry_points(group="console_scripts", name="galleryctl")
    main = script.load()
    (group,) = (value for value in vars(sys.modules[main.__module__]).values() if isinstance(value, click.Group))
    return group


def described(command: click.Command, context: click.Context) -> Doc:
    """The options, the arguments and the subcommands of a command; neither help texts nor names in the code."""
    parameters = command.get_params(context)
    found: Doc = {}
    if options := [parameter for parameter in parameters if isinstance(parameter, click.Option)]:
        # short names first: click before 8.5 keeps those of --help in a set
        found["options"] = {" ".join(sorted([*o.opts, *o.secondary_opts], key=len)): _option(o) for o in options}
    if arguments := [parameter for parameter in parameters if isinstance(parameter, click.Argument)]:
        found["arguments"] = [_kind(a) | {"nargs": a.nargs, "required": a.required} for a in arguments]
    if isinstance(command, click.Group):
        found["commands"] = {
            name: described(sub, click.Context(sub, parent=context, info_name=name))
            for name in command.list_commands(context)
            if (sub := command.get_command(context, name)) is not None
        }
    return found


def _option(option: click.Option) -> Doc:
    if option.is_flag:
        return {"type": "flag"}
    if option.count:
        return {"type": "count"}
    given = {"default": option.default} if isinstance(option.default, str | int | float) else {}
    given |= {"multiple": True} if option.multiple else {}
    return _kind(option) | given | ({"required": True} if option.required else {})


def _kind(parameter: click.Parameter) -> Doc:
    kind = parameter.type
    found: Doc = {"type": kind.name}
    if isinstance(kind, click.Choice):
        found["choices"] = list(kind.choices)
    if isinstance(kind, click.IntRange | click.FloatRange):
        found |= {"min": kind.min, "max": kind.max}
    return found


def options_now() -> Doc:
    group = command_line()
    return described(group, click.Context(group, info_name="galleryctl", **group.context_settings))


def test_options_are_what_they_were() -> None:
    assert options_now() == read("options.json")


def example(studio: CliHarness, name: str) -> list[Doc]:
    """The galleries and the items of an example on an empty site: key, kind, media and fields, in order."""
    shutil.copytree(EXAMPLES / name, studio.root, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".galleryctl"))
    path = studio.root / "galleryctl.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("{type: wix}", "{type: local}"), encoding="utf-8")
    if name == "wix":  # its gallery was made in the Editor
        studio.edit({**PEOPLE, "set": {**PEOPLE["set"], "id": os.environ["WIX_GALLERY_ID"]}})
    ran = studio.run("plan", "--format", "json")
    assert ran.code == 0, ran.out
    changes = json.loads(ran.out)["changes"]
    return [
        {name: change[name] for name in ("address", "kind", "name")}
        | {"media": (change["media"] or {}).get("path") or (change["media"] or {}).get("url")}
        | {"fields": change["write"]}
        for change in changes
    ]


@pytest.mark.parametrize("name", ["minimal", "portfolio", "wix"])
def test_the_keys_and_captions_of_the_examples_are_what_they_were(
    studio: CliHarness, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    for variable in ("WIX_SITE_ID", "WIX_API_KEY", "WIX_GALLERY_ID"):
        monkeypatch.setenv(variable, "77777777-8888-4999-8000-aaaaaaaaaaaa")
    assert example(studio, name) == read("examples.json")[name]
