"""`history`: the applies that changed the site, with what they overwrote and deleted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from galleryctl.http import httpx
from galleryctl.state import encryption
from tests.support.cli_harness import CliHarness, CommandResult, Doc

GALLERY = {"name": "Weddings"}
CAKE = {"gallery": GALLERY, "item": {"title": "Cake"}}
AFTER = [
    "{image: photos/cake.jpg, title: Cake in blue, link: {url: 'https://example.com', text: Book}}",
    "{image: photos/first-dance.jpg, title: First dance, tags: [dance]}",
    "{key: words, text: '<p>Thank you</p>', title: Words}",
    "{key: bye, text: '<p>Bye</p>', title: Bye}",
]
"""The cake is renamed and moved to the front, the rings are gone, a text is new."""
SCHEMA = json.loads((Path(__file__).parents[3] / "schemas/history.schema.json").read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)
FOLDER = ".galleryctl/state.json.history"


def overwrite(studio: CliHarness) -> None:
    """Apply, let somebody edit the title that the manifest changes next, and apply again."""
    studio.apply()
    studio.edit({**CAKE, "set": {"title": "Torte"}})
    studio.write_gallery(AFTER)
    studio.apply("--overwrite-conflicts")


def document(studio: CliHarness, *args: str) -> Doc:
    """Return the JSON of a history, which the published schema describes."""
    ran = studio.run("history", *args, "--format", "json")
    assert ran.code == 0, ran.out
    found: Doc = json.loads(ran.out)
    VALIDATOR.validate(found)
    return found


def runs(studio: CliHarness) -> list[Doc]:
    found: list[Doc] = document(studio)["runs"]
    return found


def changes(studio: CliHarness, number: int) -> dict[str, Doc]:
    return {change["address"]: change for change in document(studio, str(number))["changes"]}


def words_of(ran: CommandResult) -> str:
    return " ".join((ran.out + ran.err).split())


def test_runs_are_listed_newest_first_with_counts_and_results(wedding: CliHarness) -> None:
    assert "No run is recorded" in wedding.run("history").err
    overwrite(wedding)
    ran = wedding.run("history")
    assert ran.code == 0
    first, second = ran.out.splitlines()[2:]
    assert first.startswith("2  ")
    assert first.endswith("apply      applied  +1 ~1 -1")
    assert second.startswith("1  ")
    assert second.endswith("apply      applied  +5")
    newest, oldest = runs(wedding)
    assert newest["counts"] == {"create": 1, "update": 1, "replace": 0, "delete": 1}
    assert (newest["number"], oldest["number"], newest["operation"]) == (2, 1, "apply")
    assert newest["serial"] == wedding.state()["serial"]
    assert newest["lineage"] == wedding.state()["lineage"]
    assert "@" in newest["who"]


def test_a_run_shows_what_it_overwrote_deleted_and_moved(wedding: CliHarness) -> None:
    overwrite(wedding)
    ran = wedding.run("history", "2")
    assert ran.code == 0
    text = words_of(ran)
    assert 'title: "Torte" → "Cake in blue" (conflict)' in text
    assert "position: 2 → 1" in text
    assert '- rings image "Rings" delete' in text
    assert "quality: 90 → (none)" in text
    assert text.endswith("Result: applied (+1 ~1 -1).")
    found = changes(wedding, 2)
    (rings,) = found["weddings/rings"]["former"]
    assert rings["fields"] == {"title": "Rings", "quality": 90, "focal_point": {"x": 0.5, "y": 0.25}}
    assert rings["media"]["filename"] == "rings.jpg"
    assert found["weddings/bye"]["new_id"] == next(i["id"] for i in wedding.items() if i["title"] == "Bye")
    assert found["weddings/cake"]["position"] == {"before": 2, "after": 1, "cause": "manifest"}


def test_a_deleted_gallery_is_recorded_with_its_items(wedding: CliHarness) -> None:
    limits = "limits: {max_delete_percent: 100}\n"
    wedding.write("galleryctl.yaml", (wedding.root / "galleryctl.yaml").read_text(encoding="utf-8") + limits)
    manifest = wedding.root / "galleries/weddings.yaml"
    head = "protect: false\nitems:"
    manifest.write_text(manifest.read_text(encoding="utf-8").replace("items:", head), encoding="utf-8")
    wedding.apply()
    manifest.unlink()
    wedding.write_gallery(["{text: '<p>x</p>', key: x}"], name="other", head="bind: {name: Other, create: true}\n")
    wedding.apply()
    gallery, *items = changes(wedding, 2)["weddings"]["former"]
    assert gallery["fields"] == {"name": "Weddings"}
    assert [item["key"] for item in items] == ["first-dance", "cake", "rings", "words"]
    assert [item["fields"].get("title") for item in items] == ["First dance", "Cake", "Rings", "Words"]
    assert runs(wedding)[0]["counts"] == {"create": 2, "update": 0, "replace": 0, "delete": 5}
    text = words_of(wedding.run("history", "2"))
    assert '- the gallery "Weddings" delete with 4 items' in text
    assert '- rings image "Rings" delete title: "Rings" → (none)' in text
    assert text.endswith("Result: applied (+2 -5).")


def test_what_is_in_state_only_is_listed_with_a_run_and_is_not_a_run_of_its_own(wedding: CliHarness) -> None:
    wedding.apply()
    wedding.apply()
    assert len(runs(wedding)) == 1, "nothing was changed"
    manifest = wedding.root / "galleries/weddings.yaml"
    text = manifest.read_text(encoding="utf-8")
    manifest.write_text(text.replace("title: Cake", "protect: true, title: Cake"), encoding="utf-8")
    wedding.apply()
    assert len(runs(wedding)) == 1, "only the state was changed"
    manifest.write_text(text.replace("title: Cake", "title: Torte"), encoding="utf-8")
    wedding.apply()
    ran = wedding.run("history", "2")
    assert "weddings/cake: no longer protected" in words_of(ran)


def test_the_outcome_of_each_change_is_recorded(wedding: CliHarness) -> None:
    wedding.apply()
    text = (wedding.root / "galleries/weddings.yaml").read_text(encoding="utf-8")
    wedding.write("galleries/weddings.yaml", text.replace("title: Cake", "title: Torte").replace("Rings", "Ring"))
    fault = {"fault": "edit", "method": "PATCH", "path": "items/", "edits": [{**CAKE, "delete": True}]}
    wedding.call_api("POST", "/_emulator/faults", {"script": [fault]})
    assert wedding.run("apply", "--auto-approve").code == 3
    assert runs(wedding)[0]["result"] == "applied in part"
    assert runs(wedding)[0]["counts"]["update"] == 1
    found = changes(wedding, 2)
    assert (found["weddings/cake"]["status"], found["weddings/rings"]["status"]) == ("failed", "done")
    assert "Not done weddings/cake: failed: " in words_of(wedding.run("history", "2"))


def test_an_apply_that_the_site_rejects_leaves_no_run(wedding: CliHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    wedding.apply()
    text = (wedding.root / "galleries/weddings.yaml").read_text(encoding="utf-8")
    wedding.write("galleries/weddings.yaml", text.replace("title: Cake", "title: Torte"))
    send = httpx.ASGITransport.handle_async_request

    async def refuse(transport: httpx.ASGITransport, request: httpx.Request) -> httpx.Response:
        if request.method == "PATCH":
            body = httpx.ByteStream(b'{"message": "Forbidden", "details": {}}')
            return httpx.Response(403, stream=body, request=request)
        return await send(transport, request)

    with monkeypatch.context() as patch:
        patch.setattr(httpx.ASGITransport, "handle_async_request", refuse)
        assert wedding.run("apply", "--auto-approve").code == 1
    assert [run["number"] for run in runs(wedding)] == [1]


def test_the_latest_twenty_runs_are_kept(studio: CliHarness) -> None:
    for number in range(22):
        studio.write_gallery([f"{{text: '<p>{number}</p>', key: words}}"])
        studio.apply()
    assert [run["number"] for run in runs(studio)] == list(range(22, 2, -1))
    ran = studio.run("history", "2")
    assert ran.code == 1
    assert "the history has no run 2" in ran.err
    assert "the runs are 22, 21, 20" in ran.err
    assert " history\n" in ran.err


def test_old_runs_that_cannot_be_removed_are_a_warning(studio: CliHarness) -> None:
    for number in range(20):
        studio.write_gallery([f"{{text: '<p>{number}</p>', key: words}}"])
        studio.apply()
    first = studio.root / FOLDER / "00000001.json"
    first.unlink()
    first.mkdir()
    studio.write_gallery(["{text: <p>20</p>, key: words}"])
    assert "warning: the records of the oldest runs are still in the history: " in words_of(studio.apply())
    studio.assert_no_changes()


def test_a_history_that_cannot_be_written_stops_the_apply_before_the_first_write(wedding: CliHarness) -> None:
    wedding.write(FOLDER, "a file where the folder should be")
    ran = wedding.run("apply", "--auto-approve")
    assert ran.code == 1
    assert "the records of earlier runs cannot be listed" in ran.err
    assert wedding.galleries() == []
    (wedding.root / FOLDER).unlink()
    assert "interrupted" not in wedding.run("plan").out
    wedding.apply()
    wedding.assert_no_changes()


def test_a_result_that_cannot_be_recorded_is_a_warning(wedding: CliHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    """The history becomes unwritable while the apply is writing to the site."""
    send, folder = httpx.ASGITransport.handle_async_request, wedding.root / FOLDER

    async def spoil(transport: httpx.ASGITransport, request: httpx.Request) -> httpx.Response:
        if folder.is_dir() and request.method == "POST":
            for path in folder.iterdir():
                path.unlink()
            folder.rmdir()
            folder.touch()
        return await send(transport, request)

    monkeypatch.setattr(httpx.ASGITransport, "handle_async_request", spoil)
    ran = wedding.run("apply", "--auto-approve")
    assert ran.code == 0
    assert "warning: the history does not show the result of this run: " in words_of(ran)
    monkeypatch.undo()
    folder.unlink()
    wedding.assert_no_changes()


def test_a_record_that_cannot_be_read_is_reported_and_the_others_are_listed(wedding: CliHarness) -> None:
    overwrite(wedding)
    path = wedding.root / FOLDER / "00000001.json"
    path.write_text("{", encoding="utf-8")
    wedding.write(f"{FOLDER}/notes.txt", "not a record")
    ran = wedding.run("history")
    assert ran.code == 1
    assert [line[:1] for line in ran.out.splitlines()[2:]] == ["2"]
    assert f"{path}: the record of run 1 cannot be read" in ran.err
    assert wedding.run("history", "1").code == 1
    assert wedding.run("history", "2").code == 0


def test_the_history_is_encrypted_with_the_state(wedding: CliHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encryption, "SCRYPT_N", 2)  # slow by design
    monkeypatch.setenv("SEAL_PASSPHRASE", "planted-passphrase")
    workspace = (wedding.root / "galleryctl.yaml").read_text(encoding="utf-8")
    wedding.apply()
    assert "first-dance" in stored(wedding)[0]
    wedding.write("galleryctl.yaml", workspace + "state: {passphrase: '${SEAL_PASSPHRASE}'}\n")
    ran = wedding.run("history")
    assert ran.code == 1
    assert "this record is not encrypted, but the workspace has a passphrase" in ran.err
    assert "State, 1 previous version and 1 record of a run are now encrypted" in wedding.run("state", "reseal").err
    assert [run["number"] for run in runs(wedding)] == [1]
    wedding.write_gallery(AFTER)
    wedding.apply()
    assert [run["number"] for run in runs(wedding)] == [2, 1]
    assert not any("cake" in text or "planted" in text for text in stored(wedding))
    first, second = sorted((wedding.root / FOLDER).iterdir())
    second.write_bytes(first.read_bytes())
    ran = wedding.run("history", "2")
    assert ran.code == 1
    assert "this is not the record of run 2" in ran.err
    assert "it is that of run 1: somebody copied or renamed it" in ran.err
    monkeypatch.setenv("SEAL_PASSPHRASE", "another")
    ran = wedding.run("history", "1")
    assert "it was encrypted with another passphrase" in ran.err
    assert "without it, delete the record: this run cannot be undone" in ran.err


def stored(studio: CliHarness) -> list[str]:
    return [path.read_text(encoding="utf-8") for path in sorted((studio.root / FOLDER).iterdir())]


def test_each_site_has_its_own_history(wedding: CliHarness) -> None:
    wedding.write(
        "galleryctl.yaml",
        "galleryctl: 1\nbackend: {type: local}\ngalleries: galleries/*.yaml\nsites: {live: {}, trial: {}}\nstate: .galleryctl/state-{site}.json\n",
    )
    wedding.apply("--site", "trial")
    assert "+5" in wedding.run("history", "--site", "trial").out
    assert "No run is recorded" in wedding.run("history", "--site", "live").err
    assert "select one" in wedding.run("history").err


@pytest.mark.parametrize("run", ["0", "abc", "1.5"])
def test_a_run_that_is_not_a_number_is_reported(studio: CliHarness, run: str) -> None:
    ran = studio.run("history", run)
    assert ran.code == 1
    assert f"'{run}' is not a run: use a number that `galleryctl history` lists" in ran.err
