"""The deadline of a run, in real processes: before the first write nothing is done, afterwards it ends in good order."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.support.e2e_harness import CREATE_ITEM_REQUESTS, ServedWorkspace, text_items
from tests.support.processes import TIMEOUT

WITH_SHORT_GRACE = (
    "import sys; from galleryctl.cli import deadline, main; deadline._GRACE = 1.0; "
    "sys.argv[0] = 'galleryctl'; main.main()"
)
"""The command, with one second instead of sixty after the deadline."""


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


def test_what_does_not_end_after_the_deadline_is_stopped_and_recovered_by_the_next_apply(
    served: ServedWorkspace,
) -> None:
    served.write_gallery(text_items(1))
    served.apply()
    served.write_gallery(text_items(21))
    served.hold("after", **CREATE_ITEM_REQUESTS, nth=5, times=4)
    command = [sys.executable, "-c", WITH_SHORT_GRACE, "-C", str(served.root), "--format", "json"]
    ran = subprocess.run(
        [*command, "apply", "--auto-approve", "--deadline", "10s"],
        env=served.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    served.release(drop=True)
    assert ran.returncode == 3, ran.stdout + ran.stderr
    assert "The deadline has passed. Stopping after the steps in progress." in ran.stderr
    assert "stopped 1 seconds after the --deadline; some requests may have taken effect" in ran.stdout
    report, _ = json.JSONDecoder().raw_decode(ran.stdout)
    statuses = [outcome["status"] for outcome in report["outcomes"]]
    assert (statuses.count("done"), statuses.count("failed"), statuses.count("skipped")) == (4, 4, 12)
    assert len(served.titles()) == 9
    served.age_journal()
    served.apply()
    served.assert_applied([f"T{n:02}" for n in range(21)])
