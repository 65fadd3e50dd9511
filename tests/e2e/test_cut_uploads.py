"""An apply killed by SIGKILL while it uploads a film: the next one sends the bytes that are missing, and no others."""

from __future__ import annotations

import re

from galleryctl.wix.tus import CHUNK_BYTES
from tests.support.e2e_harness import ServedWorkspace

SIZE = 3 * CHUNK_BYTES
FILM = (b"\0\0\0\x20ftypisom" + bytes(range(251)) * (SIZE // 251 + 1))[:SIZE]


def requests(served: ServedWorkspace) -> dict[str, int]:
    """Return the requests to the addresses of uploads so far, by method."""
    counted = served.http.get("/_emulator/stats").json()["requests"]
    return {name.partition(" ")[0]: count for name, count in counted.items() if "/upload/tus" in name}


def test_a_killed_upload_is_continued(served: ServedWorkspace) -> None:
    served.write("films/dance.mp4", FILM)
    served.write_gallery(["{video: films/dance.mp4, title: Dance}", "{key: t, title: T, text: '<p>t</p>'}"])
    served.hold(method="PATCH", path="/upload/tus/", nth=2)
    command = served.start("apply", "--auto-approve", "-vv")
    served.wait_for_held()
    command.kill()
    command.wait()
    served.release(drop=True)
    assert requests(served) == {"POST": 1, "PATCH": 2}
    (token,) = re.findall(r"/upload/tus/([\w-]+)\"", (served.root / ".galleryctl/journal-main.jsonl").read_text())
    served.age_journal()
    ran = served.run("apply", "--auto-approve", "-vv")
    assert ran.wait() == 0, ran.out + ran.err
    assert requests(served) == {"POST": 1, "HEAD": 1, "PATCH": 4}  # the second and the third part
    served.assert_applied(["Dance", "T"])
    assert token not in command.out + command.err + ran.out + ran.err
