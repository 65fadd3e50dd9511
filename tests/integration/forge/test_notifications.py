"""GALLERYCTL_NOTIFY_URL: a message about what happened; and the metrics of `--report openmetrics=FILE`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from tests.support.cli_harness import CliHarness
from tests.support.json_schemas import schema_validator
from tests.support.listening import serve_app

CAKE = "{key: cake, text: <p>Cake</p>, title: Cake}"
SCHEMA = schema_validator("ci")
HEAD = "bind: {name: Party, create: true}\nname: Party\n"
SECRET = "T0/B0/secret-do-not-print"


class Inbox:
    """Keeps what was posted; `statuses` are the next answers."""

    def __init__(self) -> None:
        self.posted: list[dict[str, Any]] = []
        self.statuses: list[int] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await Request(scope, receive).body()
        self.posted.append(json.loads(body))
        await Response(status_code=self.statuses.pop(0) if self.statuses else 200)(scope, receive, send)


@pytest.fixture
def inbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Inbox]:
    found = Inbox()
    with serve_app(found) as url:
        monkeypatch.setenv("GALLERYCTL_NOTIFY_URL", f"{url}/{SECRET}")
        yield found


@pytest.fixture
def party(studio: CliHarness) -> CliHarness:
    studio.write_gallery([CAKE], name="party", head=HEAD)
    return studio


def retitle(studio: CliHarness, title: str) -> None:
    studio.edit({"gallery": {"name": "Party"}, "item": {"title": studio.titles("Party")[0]}, "set": {"title": title}})


def test_applies_drift_and_failures_are_posted_and_nothing_else(party: CliHarness, inbox: Inbox) -> None:
    party.run("plan")
    party.run("validate")
    assert inbox.posted == []
    party.apply()
    party.apply()
    assert party.run("drift").code == 0
    retitle(party, "Torte")
    assert party.run("drift").code == 2
    party.write_gallery([], name="party", head=HEAD)
    assert party.run("apply", "--auto-approve").code == 1
    results = [(each["command"], each["site"], each["result"]) for each in inbox.posted]
    assert results == [("apply", "main", "applied"), ("drift", "main", "drift"), ("apply", "main", "failed")]
    assert inbox.posted[0]["counts"] == {"create": 2, "update": 0, "replace": 0, "delete": 0}
    assert "1 changed" in inbox.posted[1]["summary"]
    for each in inbox.posted:
        SCHEMA.validate(each)


def test_the_format_of_slack_has_no_markup_of_others(
    party: CliHarness, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GALLERYCTL_NOTIFY_FORMAT", "slack")
    party.write("galleries/party.yaml", "gallery: party\n<!channel>: 1\n")
    party.run("apply", "--auto-approve")
    ((text,),) = [each.values() for each in inbox.posted]
    assert text.startswith("galleryctl apply on main: failed\n")
    assert "<" not in text


def test_a_message_that_cannot_be_posted_is_a_warning_without_the_address(
    party: CliHarness, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox.statuses = [503, 429, 200]
    assert "Warning" not in party.apply().err
    assert len(inbox.posted) == 3
    retitle(party, "Torte")
    inbox.statuses = [302]
    ran = party.run("drift")
    assert ran.code == 2
    assert "Warning: GALLERYCTL_NOTIFY_URL: the notification was not sent: status 302." in ran.err
    for url in (f"http://example.com/{SECRET}", f"https://user:{SECRET}@example.com", f"x:{SECRET}"):
        monkeypatch.setenv("GALLERYCTL_NOTIFY_URL", url)
        ran = party.run("drift")
        assert ran.code == 2
        assert "not a valid address" in ran.err
        assert SECRET not in ran.out + ran.err


def test_metrics_follow_drift_and_applies_and_keep_other_sites(party: CliHarness) -> None:
    report = ("--report", "openmetrics=galleryctl.prom")

    def metrics() -> dict[str, float]:
        text = (party.root / "galleryctl.prom").read_text()
        assert text.endswith("# EOF\n")
        found = re.findall(r'^galleryctl_(\w+)\{site="(\w+)"\} ([0-9.]+)$', text, re.MULTILINE)
        return {name if site == "main" else f"{site} {name}": float(value) for name, site, value in found}

    party.apply(*report)
    applied = metrics()["last_successful_apply_timestamp_seconds"]
    party.run("drift", *report)
    assert metrics()["resources_out_of_sync"] == 0
    assert "drift_since_timestamp_seconds" not in metrics()
    retitle(party, "Torte")
    path = party.root / "galleryctl.prom"
    path.write_text(path.read_text().replace("# EOF", 'galleryctl_resources_out_of_sync{site="other"} 7\n# EOF'))
    assert party.run("drift", *report).code == 2
    found = metrics()
    assert found["resources_out_of_sync"] == 1
    assert found["other resources_out_of_sync"] == 7
    assert found["last_successful_apply_timestamp_seconds"] == applied
    since = found["drift_since_timestamp_seconds"]
    assert found["drift_age_seconds"] >= 0
    party.run("drift", *report)
    assert metrics()["drift_since_timestamp_seconds"] == since
    assert party.run("plan", "--target", "nope", *report).code == 1
    assert metrics()["resources_out_of_sync"] == 1
    (party.root / "galleryctl.prom").write_text("somebody else's")
    assert party.run("drift", *report).code == 1
