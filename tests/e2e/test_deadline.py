"""The deadline of a run, in real processes: before the first write nothing is done, afterwards it ends in good order."""

from __future__ import annotations

import json

from tests.support.e2e_harness import CREATE_ITEM_REQUESTS, ServedWorkspace, text_items


def test_before_the_first_write_nothing_is_done(served: ServedWorkspace) -> None:
    served.write_gallery(text_items(1))
    served.apply()
    served.write_gallery(text_items(5))
    served.hold(method="GET")
    command = served.start("apply", "--auto-approve", "--deadline", "2s")
    assert command.wait() == 1
    assert "not finished within the --deadline of 2 s; nothing was changed on the site" in command.err
    assert "Traceback" not in command.err
    served.release(drop=True)
    assert served.titles() == ["T00"]


def test_after_the_first_write_the_apply_finishes_what_is_in_flight_and_reports(served: ServedWorkspace) -> None:
    served.write_gallery(text_items(1))
    served.apply()
    served.write_gallery(text_items(21))
    served.hold("after", **CREATE_ITEM_REQUESTS, nth=5, times=4)
    command = served.start("apply", "--auto-approve", "--format", "json", "--deadline", "10s")
    served.wait_for_held(4)
    command.wait_for_stderr("The deadline has passed. Stopping after the steps in progress.")
    served.release()
    assert command.wait() == 3
    report = json.loads(command.out)
    assert report["interrupted"] is False
    statuses = [outcome["status"] for outcome in report["outcomes"]]
    assert (statuses.count("done"), statuses.count("skipped")) == (8, 12)
    skipped = {outcome["reason"] for outcome in report["outcomes"] if outcome["status"] == "skipped"}
    assert skipped == {"the deadline passed before it started"}
    assert not list((served.root / ".galleryctl").glob("journal*"))
    served.apply()
    served.assert_applied([f"T{n:02}" for n in range(21)])
