"""Limits, lagging reads, faults, kills and leftovers of a probe."""

from __future__ import annotations

import pytest

from galleryctl.emulator.faults.edits import apply_edits
from galleryctl.model.errors import Refused
from galleryctl.model.probe import FactStatus
from galleryctl.wix.errors import ApiError, PermissionDenied
from tests.support.probe_harness import Doc, ProbeHarness, fact, switches


class Killed(BaseException):
    """The end of the process, after which no request is sent."""


def kill_at(bench: ProbeHarness, number: int) -> None:
    """Probe, and kill the probe before its request `number`; its clean-up does not run."""
    sent = 0

    def count(_call: str) -> None:
        nonlocal sent
        sent += 1
        if sent >= number:
            raise Killed

    bench.before_request = count
    with pytest.raises(Killed):
        bench.probe()
    bench.before_request = lambda _call: None


def edit(bench: ProbeHarness, *edits: Doc) -> None:
    site = bench.emulator.pipeline.site
    with site.transaction():
        apply_edits(site, {"edits": list(edits)})
    site.outbox.clear()


@pytest.mark.parametrize("limit", [96, 100, 110, 120, 149])
def test_the_limit_of_requests_holds_and_everything_is_deleted(bench: ProbeHarness, limit: int) -> None:
    bench.settings(upload_pending_reads=5, import_pending_reads=5)
    bench.faults(rates={"error_503": 0.25}, methods=["GET", "PATCH"], seed=3)
    run = bench.probe(max_requests=limit)
    assert len(bench.requests) <= limit
    assert run.left == []
    assert bench.left() == []


def test_what_the_limit_did_not_reach_is_shown(bench: ProbeHarness) -> None:
    bench.faults(rates={"error_503": 0.3}, methods=["GET", "PATCH"], seed=1)
    run = bench.probe(max_requests=96)
    last = fact(run, "bulk delete of an unknown id").conclusion
    assert last.status is FactStatus.NOT_REACHED
    assert "requests" in last.evidence
    assert bench.left() == []


def test_a_site_with_too_many_galleries_is_refused_before_anything_is_written(bench: ProbeHarness) -> None:
    edit(
        bench, *({"gallery": None, "set": {"name": f"g{number}", "sortOrder": float(number)}} for number in range(700))
    )
    with pytest.raises(Refused, match="too many galleries"):
        bench.probe()
    assert all(call.startswith(("GET", "POST /site-media/v1/files/search")) for call in bench.requests)


@pytest.mark.parametrize("number", range(3, 68, 4))
def test_the_next_probe_deletes_what_a_killed_one_has_left(bench: ProbeHarness, number: int) -> None:
    kill_at(bench, number)
    run = bench.probe()
    assert run.left == []
    assert bench.left() == []


@pytest.mark.parametrize("switches_of_site", [{"ignore_writes": ["gallery.name"]}, {"item_order": "descending"}])
@pytest.mark.parametrize("number", [25, 35, 45])
def test_a_leftover_is_recognized_whatever_the_site_ignores(
    bench: ProbeHarness, switches_of_site: Doc, number: int
) -> None:
    bench.settings(**switches_of_site)
    kill_at(bench, number)
    assert bench.left() != []
    run = bench.probe()
    assert len(run.leftovers.galleries) == 1
    assert bench.left() == []


def test_a_gallery_with_a_person_s_item_is_left_alone(bench: ProbeHarness) -> None:
    kill_at(bench, 40)
    (gallery,) = bench.documents("galleries")
    edit(bench, {"gallery": gallery["id"], "item": None, "set": {"title": "Ada", "text": {"html": "<p>Hello</p>"}}})
    run = bench.probe()
    assert [each.id for each in run.leftovers.foreign] == [gallery["id"]]
    assert [each["id"] for each in bench.documents("galleries")] == [gallery["id"]]
    assert "Ada" in [each.get("title") for each in bench.documents("items")]


def test_galleries_and_files_of_people_are_left_alone(bench: ProbeHarness) -> None:
    named = {"name": "galleryctl-probe-notes", "sortOrder": 1.0}
    edit(
        bench,
        {"gallery": None, "set": {"id": "11111111-2222-4333-8444-555555555555", **named}},
        {"gallery": None, "set": {"name": "galleryctl-probe-0123456789abcdef copy", "sortOrder": 2.0}},
    )
    before = bench.left()
    bench.probe()
    assert bench.left() == before


@pytest.mark.parametrize("fault", ["drop_after", "wrong_id", "error_500"])
@pytest.mark.parametrize("path", ["/galleries$", "/items$", "/upload/", "/files/import$"])
def test_a_lost_response_leaves_nothing(bench: ProbeHarness, fault: str, path: str) -> None:
    bench.faults(script=[{"fault": fault, "path": path, "method": "PUT" if "upload" in path else "POST"}])
    try:
        run = bench.probe()
    except ApiError:
        run = None  # without a gallery there is no table
    assert run is None or run.left == []
    assert bench.left() == []


def test_a_response_that_names_the_gallery_of_a_person_does_no_harm(bench: ProbeHarness) -> None:
    edit(bench, {"gallery": None, "set": {"name": "Weddings", "sortOrder": 1.0}})
    before = bench.left()
    bench.faults(script=[{"fault": "wrong_id", "path": "/galleries$", "times": 9}])
    with pytest.raises(ApiError, match="does not name the gallery"):
        bench.probe()
    assert bench.left() == before


def test_reads_that_lag_with_the_consistency_token_are_waited_for(bench: ProbeHarness) -> None:
    bench.settings(honour_consistent=False, trim_texts=True)
    bench.faults(rates={"stale": 0.3}, methods=["GET"], path="/items$", seed=5)
    run = bench.probe()
    found = switches(run)
    assert found["trim_texts"] is True
    assert found["ignore_writes"] == []
    assert bench.left() == []


def test_reads_that_lag_only_without_the_token(bench: ProbeHarness) -> None:
    bench.faults(rates={"stale": 1.0}, methods=["GET"], path="/items$")
    run = bench.probe()
    assert fact(run, "read lag").conclusion.evidence == (
        "new items are listed after 0.0 s with X-Wix-Consistent, not within 7.5 s without"
    )
    assert switches(run)["honour_consistent"] is True
    assert switches(run)["ignore_writes"] == []


def test_nothing_is_concluded_from_reads_that_never_show_a_write(bench: ProbeHarness) -> None:
    bench.settings(honour_consistent=False)
    bench.faults(rates={"stale": 1.0}, methods=["GET"], path="/items$")
    run = bench.probe()
    assert "ignore_writes" not in switches(run)
    assert fact(run, "Unicode").conclusion.evidence == "reads do not show writes"
    assert bench.left() == []


def test_one_question_that_the_site_cannot_answer_does_not_end_the_probe(bench: ProbeHarness) -> None:
    bench.faults(script=[{"fault": "error_500", "path": "/items/delete$", "times": 6}])
    run = bench.probe()
    assert fact(run, "bulk delete of an unknown id").conclusion.status is FactStatus.UNKNOWN
    assert fact(run, "responses to updates").conclusion.status is not FactStatus.NOT_REACHED
    assert bench.left() == []


def test_a_site_that_is_down_ends_the_probe(bench: ProbeHarness) -> None:
    bench.faults(rates={"error_503": 1.0}, methods=["PATCH"])
    run = bench.probe()
    assert fact(run, "URLs").conclusion.evidence == "503"
    assert fact(run, "URLs").requests == 0
    assert bench.left() == []


def test_an_interrupted_probe_deletes_what_it_has_created(bench: ProbeHarness) -> None:
    run = bench.probe(stop_at="fields of a new item")
    assert fact(run, "fields of a new item").conclusion.status is FactStatus.FOUND
    assert fact(run, "fields of an update").conclusion.evidence == "the probe was interrupted"
    assert bench.left() == []


def test_what_cannot_be_deleted_is_reported(bench: ProbeHarness) -> None:
    bench.faults(script=[{"fault": "error_503", "method": "DELETE", "times": 100}])
    run = bench.probe()
    assert len(run.left) == 2
    assert run.mark in run.left[0]
    bench.faults()
    assert bench.probe().left == []
    assert bench.left() == []


def test_a_key_that_may_only_read_creates_nothing(bench: ProbeHarness) -> None:
    with pytest.raises(PermissionDenied):
        bench.probe(read_only=True)
    assert bench.left() == []
