"""States that are older than the site: nothing is created twice, and what a message offers can be pasted."""

from __future__ import annotations

import re
import shutil
import signal
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from galleryctl.state.bucket import Bucket, open_bucket
from tests.support.e2e_harness import CREATE_ITEM_REQUESTS, Doc, RunningCommand, ServedWorkspace
from tests.support.object_store import FakeObjectStore

REWRITING = {"add_html_class": True, "trim_texts": True, "normalize_tags": True, "sort_order_precision": "float32"}
APPLY = ("apply", "--auto-approve")
OVERWRITE = (*APPLY, "--overwrite-conflicts")
EMPTY_PLAN = ("plan", "--detailed-exitcode")
MANIFEST = "galleries/weddings.yaml"
STATE = ".galleryctl/state.json"


def text(key: str, html: str = "", title: str = "") -> str:
    """Return a text whose title and tags a rewriting site stores in another form."""
    return f"{{key: {key}, text: '<p>{html or key}</p>', title: ' {title or key} ', tags: [B, {key}]}}"


def photo(name: str) -> str:
    return f"{{image: photos/{name}.jpg, title: ' {name} ', tags: [B, b]}}"


def video(key: str, number: int) -> str:
    return f"{{key: {key}, video: https://vimeo.com/{76979871 + number}, title: {key}}}"


def items(served: ServedWorkspace) -> list[Doc]:
    """Return the live items, in display order."""
    (gallery,) = served.call_api("GET", "/progallery/v2/galleries?limit=10")["galleries"]
    found: list[Doc] = served.call_api("GET", f"/progallery/v2/galleries/{gallery['id']}/items?itemLimit=100")["items"]
    return found


def shown(served: ServedWorkspace) -> list[tuple[str, str]]:
    """Return the trimmed title and the id of each live item, in display order."""
    return [(item.get("title", "").strip(), item["id"]) for item in items(served)]


def ids(entries: Sequence[tuple[str, str]]) -> list[str]:
    return [id_ for _, id_ in entries]


def add_text_of_a_person(served: ServedWorkspace, title: str) -> Doc:
    """Add a text with this title, and other words, in the Editor."""
    values = {"type": "TEXT", "title": title, "sortOrder": 0.25, "text": {"html": "<p>theirs</p>"}}
    edit = {"gallery": {"name": "Weddings"}, "item": None, "set": values}
    made: Doc = served.call_control("edit", {"edits": [edit]})["results"][0]["item"]
    return made


def succeed(served: ServedWorkspace, *commands: Sequence[str]) -> RunningCommand:
    """Run the commands in one process, and check that all succeed."""
    ran = served.start_all(*commands)
    assert ran.wait() == 0, ran.out + ran.err
    return ran


def refused(served: ServedWorkspace, *command: str) -> str:
    """Run a command that has to be refused without changing the site, and return its message."""
    before = items(served)
    ran = served.run(*(command or APPLY))
    assert ran.wait() == 1, ran.out + ran.err
    assert items(served) == before
    return ran.err


def paste(served: ServedWorkspace, message: str) -> int:
    """Add the `adopt:` lines of a message to the manifest, as one; return the number of their entries."""
    pasted = re.findall(r"(\w+): ([0-9a-f-]{36})", " ".join(re.findall(r"adopt: \{([^}]*)\}", message)))
    assert pasted, message
    manifest = (served.root / MANIFEST).read_text(encoding="utf-8")
    former = re.search(r"^adopt: \{(.*)\}\n", manifest, re.MULTILINE)
    entries = [*([former[1]] if former else []), *(f"{key}: {id_}" for key, id_ in pasted)]
    manifest = manifest.replace(former[0], "") if former else manifest
    served.write(MANIFEST, manifest.replace("items:\n", f"adopt: {{{', '.join(entries)}}}\nitems:\n"))
    return len(pasted)


def apply_with_answers(served: ServedWorkspace, message: str) -> int:
    """Paste what the message offers, apply, and check that the next plan is empty; return the number of entries.

    Values that the site stores in another form are conflicts for an old state: the next message says what to do.
    """
    pasted = paste(served, message)
    ran = served.start_all(APPLY, EMPTY_PLAN)
    if ran.wait() == 1:
        assert "with --overwrite-conflicts" in ran.err
        succeed(served, OVERWRITE, EMPTY_PLAN)
    else:
        assert ran.wait() == 0, ran.out + ran.err
    return pasted


@pytest.fixture(params=[False, True], ids=["plain", "rewriting"])
def rewriting(request: pytest.FixtureRequest) -> bool:
    """Return True if the site stores values in another form than was sent."""
    return bool(request.param)


@pytest.fixture
def site(served: ServedWorkspace, rewriting: bool) -> ServedWorkspace:
    """Return an empty workspace with some photos."""
    served.call_control("settings", REWRITING if rewriting else {})
    for number in range(4):
        served.write_photo(f"p{number}", number)
    return served


def adopt_line(served: ServedWorkspace) -> str:
    """Return the line of the manifest that adopts items; "" if there is none."""
    return "".join(re.findall(r"^adopt: .*\n", (served.root / MANIFEST).read_text(encoding="utf-8"), re.MULTILINE))


# Two checkouts with a state each


def second_checkout(first: ServedWorkspace) -> ServedWorkspace:
    """Return a second checkout, without state."""
    second = ServedWorkspace(first.root.parent / "second/workspace", first.ready, first.http)
    pull(first, second)
    return second


def pull(source: ServedWorkspace, target: ServedWorkspace) -> None:
    """Copy all files except state, as pulling a commit does."""
    shutil.copytree(source.root, target.root, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".galleryctl"))


def test_two_checkouts_create_nothing_twice(site: ServedWorkspace, rewriting: bool) -> None:
    entries = [text("a"), photo("p0"), video("v", 0)]
    site.write_gallery(entries)
    succeed(site, APPLY)
    before = shown(site)
    second = second_checkout(site)
    ran = second.run(*APPLY)
    if rewriting:
        assert ran.wait() == 1
        assert "1 match is a guess: a is 'a'" in ran.err
        assert paste(second, ran.err) == 1
        ran = succeed(second, APPLY)
    assert all(
        f"weddings/{key}: adopted: {id_}" in ran.out for (_, id_), key in zip(before, ["a", "p0", "v"], strict=True)
    )
    assert rewriting or "0 requests, 0 uploads" in ran.out
    assert shown(site) == before

    # The first adds entries; the second knows the gallery, so nothing shows that they are its own.
    pull(second, site)
    site.write_gallery([*entries, text("b"), photo("p1"), video("w", 1)], head=adopt_line(site))
    succeed(site, APPLY)
    theirs = add_text_of_a_person(site, "b")
    before = shown(site)
    pull(site, second)
    message = refused(second)
    assert message.count("it would be created, but an item that is not in state shows its content already") == 3
    assert message.count("or plan with the state that has it (see 'Share state' in the documentation)") == 3
    for key, id_ in (("b", before[4][1]), ("p1", before[5][1]), ("w", before[6][1])):
        assert f"adopt: {{{key}: {id_}}} to manage it; foreign: [{id_}] to create another one" in message
    assert apply_with_answers(second, message) == 3
    assert shown(site) == before
    assert theirs in items(site)

    # The first removes an entry of both: the second forgets its item.
    entries = [text("a"), photo("p0"), video("v", 0), photo("p1"), video("w", 1)]
    pull(second, site)
    site.write_gallery(entries, head=re.sub(r"\bb: [^,}]*, ", "", adopt_line(site)))
    assert "Applied: 1 deleted." in succeed(site, APPLY).out
    pull(site, second)
    assert "weddings/b: no longer in state (gone from the site)" in succeed(second, APPLY, EMPTY_PLAN).out
    assert shown(site) == [entry for entry in before if entry != before[4]]


def test_what_two_checkouts_change_is_a_conflict(site: ServedWorkspace, rewriting: bool) -> None:
    rest = [photo("p0"), video("v", 0)]
    site.write_gallery([text("a"), *rest])
    succeed(site, APPLY)
    second = second_checkout(site)
    shutil.copytree(site.root / ".galleryctl", second.root / ".galleryctl")

    site.write_gallery([text("a", title="one"), *rest])
    succeed(site, APPLY)
    second.write_gallery([text("a", title="two"), *rest])
    message = refused(second)
    assert "people on the site and the manifests changed the same values" in message
    assert "weddings/a: title" in message
    succeed(second, OVERWRITE, EMPTY_PLAN)

    drift = site.run("drift")
    assert drift.wait() == 2
    assert "~ a  text" in drift.out
    pull(second, site)
    succeed(site, OVERWRITE if rewriting else APPLY, EMPTY_PLAN)
    assert [title for title, _ in shown(site)] == ["two", "p0", "v"]


# The cache of a pipeline


def test_a_cached_state_that_is_five_applies_old(site: ServedWorkspace, rewriting: bool, tmp_path: Path) -> None:
    state, cached = site.root / STATE, tmp_path / "cached.json"
    entries = [*map(text, "ardkz"), photo("p0"), video("v", 0)]
    site.write_gallery(entries)
    succeed(site, APPLY)
    shutil.copy(state, cached)
    theirs = add_text_of_a_person(site, "t")

    a, r, d, k, z, p0, v = entries
    added, changed = [text("t"), photo("p1"), video("w", 1)], text("a", "changed")
    head, r2, z2 = "moved: [{from: z, to: z2}]\n", text("r2", "r"), text("z2", "changed, too")
    # Only once: with an old state, each plan waits until it is certain that the former item is gone.
    kind = photo("p2").replace("{", "{key: k, ") if rewriting else k
    commits = [
        ("", [a, r, d, k, z, *added, p0, v]),
        ("", [changed, r, d, k, z, *added, p0, v]),
        (head, [changed, r2, d, k, z2, *added, p0, v]),
        (head, [changed, r2, d, kind, z2, *added, p0, v]),
        (head, [v, z2, changed, r2, kind, added[0], added[2], p0]),
    ]
    for number, (lines, commit) in enumerate(commits):
        site.write_photo("p0", 10 + number)  # each commit also replaces a photo
        site.write_gallery(commit, head=lines)
        succeed(site, APPLY)
    before = shown(site)
    assert len(before) == 9
    manifest = (site.root / MANIFEST).read_text(encoding="utf-8")

    shutil.copy(cached, state)
    message = refused(site)
    assert f"adopt: {{t: {dict(before)['t']}}}" in message
    assert theirs["id"] not in message
    assert apply_with_answers(site, message) == (3 if rewriting else 2)
    assert shown(site) == before
    assert theirs in items(site)

    # The other way out: rebuild the state from the site.
    shutil.copy(cached, state)
    site.write(MANIFEST, manifest)
    rebuild: tuple[str, ...] = ("state", "rebuild", "--auto-approve")
    if rewriting:
        assert "4 of the matches are guesses; the state was not rebuilt" in refused(site, *rebuild)
        rebuild = (*rebuild, "--adopt-guesses")
    succeed(site, rebuild, OVERWRITE if rewriting else APPLY, EMPTY_PLAN)
    assert shown(site) == before
    assert theirs in items(site)


# An object in a bucket


@pytest.fixture
def bucket(
    site: ServedWorkspace, reach: Callable[[str], FakeObjectStore], tmp_path_factory: pytest.TempPathFactory
) -> Bucket:
    """Return the new bucket that has the workspace's state."""
    store, name = reach("s3"), tmp_path_factory.mktemp("old-state").name
    store.make_bucket(name)
    manifest = (site.root / "galleryctl.yaml").read_text(encoding="utf-8")
    site.write("galleryctl.yaml", f"{manifest}state: {store.location(name, 'state.json')}\n")
    return open_bucket(store.location(name, "unused"))[0]


def content(bucket: Bucket, key: str) -> bytes:
    found = bucket.get(key)
    assert found is not None
    return found.content


def roll_back(bucket: Bucket, older: bytes) -> None:
    """Write an older version of the state over the current one, as the restore of a bucket's version does."""
    found = bucket.get("state.json")
    assert found is not None
    assert bucket.put("state.json", older, found.tag) is not None


def test_a_state_object_that_was_rolled_back(site: ServedWorkspace, bucket: Bucket) -> None:
    site.write_gallery([text("a"), text("r"), photo("p0")])
    succeed(site, APPLY)
    older = content(bucket, "state.json")
    entries = [text("a", "changed"), text("r2", "changed, too"), photo("p0"), text("b"), photo("p1")]
    head = "moved: [{from: r, to: r2}]\n"
    site.write_gallery(entries, head=head)
    succeed(site, APPLY)
    site.write_gallery([*entries, video("w", 1)], head=head)
    succeed(site, APPLY)
    theirs = add_text_of_a_person(site, "b")
    before = shown(site)

    roll_back(bucket, older)
    assert content(bucket, "state.json.journal") == b""
    message = refused(site)
    added = zip(["b", "p1", "w"], ids(before)[-3:], strict=True)
    assert [f"adopt: {{{key}: {id_}}}" in message for key, id_ in added] == [True] * 3
    # Which version has these items? The newest one beside the state has all but those of the last apply.
    newest = succeed(site, ("state", "versions")).out.split()[0]
    succeed(site, ("state", "restore", newest))
    assert apply_with_answers(site, refused(site)) == 1
    assert shown(site) == before
    assert theirs in items(site)


@pytest.fixture
def begun(site: ServedWorkspace, bucket: Bucket) -> tuple[bytes, RunningCommand]:
    """Return the state before the last apply, and a running one whose second and third create wait for their answers."""
    site.write_gallery([text("a")])
    succeed(site, APPLY)
    older = content(bucket, "state.json")
    site.write_gallery([text("a"), text("b")])
    succeed(site, APPLY)
    site.write_gallery([*map(text, "abcde"), photo("p1")])
    site.hold("after", **CREATE_ITEM_REQUESTS, nth=2, times=2)
    running = site.start(*APPLY)
    site.wait_for_held(2)
    return older, running


def age_journal(bucket: Bucket) -> None:
    """Make the journal look old, so that the next run does not wait until reads show its writes."""
    found = bucket.get("state.json.journal")
    assert found is not None
    assert re.search(rb'"at":[0-9.]+', found.content)
    assert bucket.put("state.json.journal", re.sub(rb'"at":[0-9.]+', b'"at":1.0', found.content), found.tag) is not None


def test_the_journal_of_a_killed_run_is_used_with_an_older_state(
    site: ServedWorkspace, bucket: Bucket, begun: tuple[bytes, RunningCommand]
) -> None:
    older, running = begun
    running.send(signal.SIGKILL)
    assert running.wait() == -signal.SIGKILL
    site.release(drop=True)
    before = shown(site)
    roll_back(bucket, older)
    age_journal(bucket)
    finish(site, before)


@pytest.mark.parametrize("rewriting", [True], indirect=True, ids=["rewriting"])
def test_a_state_that_is_rolled_back_during_an_apply(
    site: ServedWorkspace, bucket: Bucket, begun: tuple[bytes, RunningCommand]
) -> None:
    older, running = begun
    roll_back(bucket, older)
    site.release()
    assert running.wait() == 3, running.out + running.err
    assert "Applied: 4 created." in running.out
    assert "another run wrote the state in the meantime" in running.err
    assert content(bucket, "state.json") == older
    age_journal(bucket)
    finish(site, shown(site))


def finish(site: ServedWorkspace, before: Sequence[tuple[str, str]]) -> None:
    """Answer which item `b` is, which only the newer state knew, and check that the rest was found by the journal."""
    message = refused(site)
    assert f"adopt: {{b: {ids(before)[1]}}}" in message
    assert apply_with_answers(site, message) == 1
    after = shown(site)
    assert [title for title, _ in after] == [*"abcde", "p1"]
    assert set(before) <= set(after)
