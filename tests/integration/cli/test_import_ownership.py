"""An import takes nothing: ownership begins with the first apply of a manifest that names the item."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest

from galleryctl.engine.importing.select import GallerySelector
from galleryctl.model.address import Address
from galleryctl.model.errors import StaleError
from galleryctl.session.open import select_site
from galleryctl.session.run import import_galleries
from galleryctl.state.file_backend import FileStateBackend
from galleryctl.state.state_file import decode_state
from tests.support.cli_harness import CliHarness, CommandResult, Doc, call_emulator

HEAD = "bind: {name: Party, create: true}\nname: Party\n"
ENTRIES = ("{key: cake, text: Cake, title: Cake}", "{key: dance, text: Dance, title: Dance}")


@pytest.fixture
def party(studio: CliHarness) -> CliHarness:
    """A gallery that was applied, and to which a colleague added an item in the Editor since."""
    studio.write_gallery(ENTRIES, name="party", head=HEAD)
    studio.apply()
    add(studio, "Toast")
    return studio


def text_item(title: str, order: float = 1e6) -> Doc:
    return {"type": "TEXT", "title": title, "text": {"html": f"<p>{title}</p>"}, "sortOrder": order}


def add(studio: CliHarness, title: str, order: float = 1e6) -> str:
    """Add an item in the Editor, and return its id."""
    studio.edit({"gallery": {"name": "Party"}, "item": None, "set": text_item(title, order)})
    return id_of(studio, title)


def id_of(studio: CliHarness, title: str) -> str:
    (found,) = [item["id"] for item in studio.items("Party") if item["title"] == title]
    return str(found)


def manifest(studio: CliHarness) -> str:
    return (studio.root / "galleries/party.yaml").read_text(encoding="utf-8")


def insert(studio: CliHarness, lines: str) -> None:
    """Add lines above the items of the manifest."""
    studio.write("galleries/party.yaml", manifest(studio).replace("items:\n", f"{lines}items:\n"))


def imported(studio: CliHarness, *args: str) -> CommandResult:
    """Import the gallery, and check that the state stays as it is."""
    path = studio.root / ".galleryctl/state.json"
    before = path.read_bytes() if path.exists() else None
    ran = studio.run("import", *(args or ("party",)))
    assert ran.code == 0, ran.err
    assert (path.read_bytes() if path.exists() else None) == before
    return ran


def change_state(studio: CliHarness, **members: object) -> None:
    """Change members of the gallery in the state file."""
    state = studio.state()
    state["galleries"]["party"] |= members
    studio.write(".galleryctl/state.json", json.dumps(state))


def depose(studio: CliHarness, id_: str) -> None:
    """Record the item as replaced and still to be deleted; an earlier version of the state has it under its key."""
    backend = FileStateBackend(studio.root / ".galleryctl/state.json")
    state, cake = decode_state(studio.state()), Address("party", "cake")
    earlier = state.next_version(replace(state.bindings, ids={**state.bindings.ids, cake: id_}))
    backend.write(earlier)
    backend.write(earlier.next_version(replace(state.bindings, deposed={id_: cake})))


def test_what_a_branch_imports_is_not_deleted_by_an_apply_of_main(party: CliHarness) -> None:
    main = manifest(party)
    ran = imported(party)
    assert f"party: run {party.copyable('apply')} (or merge this change) to adopt 1 item" in ran.err
    assert "key: toast" in manifest(party)
    party.write("galleries/party.yaml", main)  # git checkout main
    party.assert_no_changes()
    party.apply()
    assert party.titles("Party") == ["Cake", "Dance", "Toast"]
    assert [*party.state()["galleries"]["party"]["items"]] == ["cake", "dance"]


def test_a_discarded_import_leaves_nothing(party: CliHarness) -> None:
    party.edit({"set": {"name": "Journal", "sortOrder": 9}})
    main, state = manifest(party), party.state()
    imported(party)
    imported(party, "--all")
    party.write("galleries/party.yaml", main)  # git restore .
    (party.root / "galleries/journal.yaml").unlink()
    assert party.state() == state
    party.apply("--allow-empty")
    assert party.titles("Party") == ["Cake", "Dance", "Toast"]
    assert [gallery["name"] for gallery in party.galleries()] == ["Party", "Journal"]


def test_lines_are_written_once_and_taken_out_after_the_apply(party: CliHarness) -> None:
    toast = id_of(party, "Toast")
    insert(party, "# by Ana\n")
    assert party.run("fmt").code == 0
    imported(party)
    after = manifest(party)
    assert f"name: Party\nadopt:\n  toast: {toast}\n# by Ana\nitems:\n" in after
    assert party.run("fmt", "--check").code == 0
    imported(party)
    assert manifest(party) == after
    party.apply()
    assert party.titles("Party") == ["Cake", "Dance", "Toast"]
    assert party.state()["galleries"]["party"]["items"]["toast"]["id"] == toast
    assert "adopt" not in imported(party).err
    assert manifest(party) == after.replace(f"adopt:\n  toast: {toast}\n", "")
    party.assert_no_changes()


def test_lines_are_added_in_order(party: CliHarness) -> None:
    imported(party)
    party.edit({"gallery": {"name": "Party"}, "item": None, "set": text_item("Buffet", 2e6)})
    ran = imported(party)
    lines = f"adopt:\n  buffet: {id_of(party, 'Buffet')}\n  toast: {id_of(party, 'Toast')}\nitems:\n"
    assert lines in manifest(party)
    assert "to adopt 2 items" in ran.err


def test_an_item_keeps_the_key_of_its_line(party: CliHarness) -> None:
    """Two items look the same: only the line says which of them is which."""
    imported(party)
    same = text_item("Toast", 2e6)
    party.edit({"gallery": {"name": "Party"}, "item": None, "set": same})
    first, second = (item["id"] for item in party.items("Party")[2:])
    party.edit({"gallery": {"name": "Party"}, "item": first, "set": {"sortOrder": 3e6}})
    imported(party)
    assert f"adopt:\n  toast: {first}\n  toast-2: {second}\n" in manifest(party)


def test_a_line_whose_item_is_gone_is_taken_out_with_its_entry(party: CliHarness) -> None:
    imported(party)
    party.edit({"gallery": {"name": "Party"}, "item": id_of(party, "Toast"), "delete": True})
    ran = imported(party)
    assert "removed from the manifest, because it is not on the site: toast" in ran.err
    assert "toast" not in manifest(party)
    assert "adopt" not in manifest(party)


def test_the_id_in_state_comes_before_a_line_unless_it_is_gone(party: CliHarness) -> None:
    cake, toast = id_of(party, "Cake"), id_of(party, "Toast")
    insert(party, f"adopt: {{cake: {toast}}}\n")
    imported(party)
    assert "key: cake, text: Cake, title: Cake}" in manifest(party)
    assert f"adopt: {{toast: {toast}}}\n" in manifest(party)
    party.write_gallery(ENTRIES, name="party", head=f"{HEAD}adopt: {{cake: {toast}}}\n")
    party.edit({"gallery": {"name": "Party"}, "item": cake, "delete": True})
    imported(party)
    assert f"adopt: {{cake: {toast}}}\n" in manifest(party)
    assert "key: cake, text: <p>Toast</p>, title: Toast}" in manifest(party).replace('"', "")
    assert "key: toast" not in manifest(party)


def test_a_foreign_item_is_not_imported(party: CliHarness) -> None:
    toast = id_of(party, "Toast")
    insert(party, f"foreign:\n  - {toast}   # of the client\n")
    before = manifest(party)
    ran = imported(party)
    assert f"party: not imported: 'Toast' ({toast}): foreign: has its id" in ran.err
    assert manifest(party) == before
    ran = imported(party, "party", "--format", "json")
    assert json.loads(ran.out)["galleries"][0]["skipped"] == {toast: "foreign: has its id"}


def test_an_entry_whose_item_became_foreign_waits_for_a_new_one(party: CliHarness) -> None:
    insert(party, f"foreign: [{id_of(party, 'Cake')}]\n")
    ran = imported(party)
    assert "'Cake'" in ran.err
    assert "{key: cake, text: Cake, title: Cake}" in manifest(party)
    assert "key: toast" in manifest(party)


@pytest.mark.parametrize("applied", [False, True])
def test_what_was_given_up_is_not_taken_back(party: CliHarness, applied: bool) -> None:
    """Before the apply state has the id of the key, afterwards only that the key was released."""
    cake = id_of(party, "Cake")
    party.write_gallery(ENTRIES[1:], name="party", head=f"{HEAD}removed: [cake]\n")
    if applied:
        party.apply()
    ran = imported(party)
    assert f"party: not imported: 'Cake' ({cake}): the management of cake ended with removed:" in ran.err
    assert f"take cake out of removed:, and declare it with adopt: {{cake: {cake}}}" in ran.err
    assert "removed: [cake]\n" in manifest(party)
    assert "key: cake" not in manifest(party)
    assert "key: toast" in manifest(party)


@pytest.mark.parametrize("line", ["removed: [cake]\n", ""])
def test_what_was_given_up_is_recognized_by_its_id(party: CliHarness, line: str) -> None:
    cake = id_of(party, "Cake")
    party.write_gallery(ENTRIES[1:], name="party", head=f"{HEAD}removed: [cake]\n")
    party.apply()
    party.write_gallery(ENTRIES[1:], name="party", head=HEAD + line)
    party.edit({"gallery": {"name": "Party"}, "item": cake, "set": {"title": "Torte"}})
    another = add(party, "Cake")
    ran = imported(party)
    assert f"party: not imported: 'Torte' ({cake}): the management of cake ended with removed:" in ran.err
    assert cake not in manifest(party)
    assert f"cake-2: {another}" in manifest(party)
    assert ("take cake out of removed:" in ran.err) is bool(line)
    party.apply()
    assert sorted(party.titles("Party")) == ["Cake", "Dance", "Toast", "Torte"]


def test_what_was_given_up_stays_so_in_a_restored_state(party: CliHarness) -> None:
    cake, serial = id_of(party, "Cake"), party.state()["serial"]
    party.write_gallery(ENTRIES[1:], name="party", head=f"{HEAD}removed: [cake]\n")
    party.apply()
    party.write_gallery(ENTRIES[1:], name="party", head=HEAD)
    assert party.run("state", "restore", str(serial)).code == 0
    assert f"not imported: 'Cake' ({cake})" in imported(party).err
    party.apply()
    assert f"not imported: 'Cake' ({cake})" in imported(party).err
    assert "cake" not in party.state()["galleries"]["party"]["items"]


def test_what_was_given_up_is_managed_again_on_request(party: CliHarness) -> None:
    cake = id_of(party, "Cake")
    party.write_gallery(ENTRIES[1:], name="party", head=f"{HEAD}removed: [cake]\n")
    party.apply()
    party.write_gallery(ENTRIES, name="party", head=f"{HEAD}adopt: {{cake: {cake}}}\n")
    imported(party)
    assert f"cake: {cake}" in manifest(party)
    assert manifest(party).count("title: Cake") == 1


def test_a_key_that_is_given_up_may_be_replaced_by_another(party: CliHarness) -> None:
    cake = id_of(party, "Cake")
    entry = "{key: torte, text: Cake, title: Cake}"
    party.write_gallery([entry, ENTRIES[1]], name="party", head=f"{HEAD}adopt: {{torte: {cake}}}\nremoved: [cake]\n")
    ran = imported(party)
    assert "not imported" not in ran.err
    assert f"adopt: {{toast: {id_of(party, 'Toast')}, torte: {cake}}}\nremoved: [cake]\n" in manifest(party)
    assert entry in manifest(party)


def test_an_entry_to_create_keeps_its_text_beside_an_item_of_the_same_title(party: CliHarness) -> None:
    entry = "{key: speech, text: To the couple, title: Toast}"
    party.write_gallery([*ENTRIES, entry], name="party", head=HEAD)
    imported(party)
    assert entry in manifest(party)
    assert f"adopt:\n  toast: {id_of(party, 'Toast')}\n" in manifest(party)
    party.apply()
    assert sorted(party.titles("Party")) == ["Cake", "Dance", "Toast", "Toast"]


def test_an_entry_with_the_content_of_an_item_is_that_item(party: CliHarness) -> None:
    party.write_gallery([*ENTRIES, "{key: speech, text: <p>Toast</p>}"], name="party", head=HEAD)
    imported(party)
    assert f"adopt:\n  speech: {id_of(party, 'Toast')}\n" in manifest(party)
    assert "key: toast" not in manifest(party)


def test_a_replaced_item_that_is_still_to_be_deleted_is_not_imported(party: CliHarness) -> None:
    toast = id_of(party, "Toast")
    depose(party, toast)
    before = manifest(party)
    assert f"'Toast' ({toast}): it was replaced, and the next apply deletes it" in imported(party).err
    assert manifest(party) == before


def test_an_item_that_state_has_in_another_gallery_is_not_imported(party: CliHarness) -> None:
    toast, state = id_of(party, "Toast"), party.state()
    state["galleries"]["old"] = {"id": "g-old", "items": {"toast": {"id": toast}}}
    party.write(".galleryctl/state.json", json.dumps(state))
    before = manifest(party)
    assert f"'Toast' ({toast}): state has it as old/toast" in imported(party).err
    assert manifest(party) == before


def test_an_item_whose_entry_is_gone_gets_its_key_back(party: CliHarness) -> None:
    party.edit({"gallery": {"name": "Party"}, "item": id_of(party, "Cake"), "set": {"title": "Torte"}})
    party.write_gallery(ENTRIES[1:], name="party", head=HEAD)
    ran = imported(party, "party", "--format", "json", "--dry-run")
    assert json.loads(ran.out)["galleries"][0]["undeclared"] == ["cake"]
    ran = imported(party)
    assert "party: added 1 entry (cake) for a managed item that the manifest did not declare" in ran.err
    assert "  - key: cake\n" in manifest(party)
    assert f"adopt:\n  toast: {id_of(party, 'Toast')}\nitems:" in manifest(party)


def test_a_renamed_item_is_not_imported_again(party: CliHarness) -> None:
    renamed = "{key: torte, text: Torte, title: Torte}"
    head = f"{HEAD}moved: [{{from: cake, to: torte}}]\n"
    party.write_gallery([renamed, ENTRIES[1]], name="party", head=head)
    imported(party)
    assert renamed in manifest(party)
    assert "key: cake" not in manifest(party)
    assert f"adopt:\n  toast: {id_of(party, 'Toast')}\n" in manifest(party)


def refused(ran: CommandResult, *words: str) -> None:
    assert (ran.code, ran.out) == (1, "")
    for word in words:
        assert word in ran.err


def test_lines_that_an_apply_would_refuse_are_refused(party: CliHarness) -> None:
    cake, toast = id_of(party, "Cake"), id_of(party, "Toast")
    entry = "{key: toast, text: Toast}"
    for head, entries, words in (
        (f"adopt: {{toast: {cake}}}\n", [*ENTRIES, entry], f"adopt names {cake}, which state has as party/cake"),
        (
            f"adopt: {{toast: {toast}}}\n",
            [*ENTRIES, "{key: toast, video: https://vimeo.com/1}"],
            "which is of kind text, but the entry is of kind video",
        ),
        (
            f"adopt: {{toast: {toast}, dance: {toast}}}\n",
            [*ENTRIES, entry],
            "party/dance has the same id as party/toast",
        ),
    ):
        party.write_gallery(entries, name="party", head=HEAD + head)
        before = manifest(party)
        refused(party.run("import", "party"), "galleries/party.yaml:4:", words)
        assert manifest(party) == before
    party.write_gallery([*ENTRIES, entry], name="party", head=f"{HEAD}adopt: {{toast: {toast}}}\n")
    depose(party, toast)
    refused(party.run("import", "party"), "galleries/party.yaml:4:9", "was replaced and is still to be deleted")


def test_what_a_run_creates_meanwhile_is_not_imported(party: CliHarness) -> None:
    """The run saved its state after the import had read it: to the import, the new item is nobody's."""
    before, created = manifest(party), {"id": id_of(party, "Toast")}
    items = party.state()["galleries"]["party"]["items"]
    opened = select_site(
        party.root, None, {}, on_request=lambda _: change_state(party, items={**items, "toast": created})
    )
    with pytest.raises(StaleError, match="another run changed the state while the site was read"):
        asyncio.run(import_galleries(opened, GallerySelector(text="party")))
    assert manifest(party) == before
    assert "party: added 1 entry (toast) for a managed item" in imported(party).err
    assert "adopt" not in manifest(party)


def test_an_id_has_one_key_in_all_manifests(party: CliHarness) -> None:
    party.edit({"set": {"name": "Other", "sortOrder": 9}})
    imported(party)
    toast = id_of(party, "Toast")
    party.write_gallery(["{key: x, text: x}"], name="other", head=f"bind: {{name: Other}}\nadopt: {{x: {toast}}}\n")
    refused(party.run("import", "party"), "party/toast has the same id as other/x", "an item has one key")


def test_files_of_a_folder_are_adopted_without_entries(wedding: CliHarness) -> None:
    wedding.write_gallery(["{from: photos/*.jpg}"])
    wedding.apply()
    ids = [item["id"] for item in wedding.items()]
    (wedding.root / ".galleryctl/state.json").unlink()
    assert wedding.run("import", "weddings").code == 0
    text = (wedding.root / "galleries/weddings.yaml").read_text(encoding="utf-8")
    lines = f"  cake: {ids[0]}\n  first-dance: {ids[1]}\n  rings: {ids[2]}\n"
    assert f"adopt:\n{lines}items:\n  - {{from: photos/*.jpg}}\n" in text
    wedding.apply()
    assert len(wedding.items()) == 3
    wedding.assert_no_changes()


@pytest.mark.parametrize("moves", [False, True])
def test_an_item_whose_management_ended_stays_out_when_its_key_is_used_again(party: CliHarness, moves: bool) -> None:
    cake = id_of(party, "Cake")
    party.write_gallery(ENTRIES[1:], name="party", head=f"{HEAD}removed: [cake]\n")
    party.apply()
    if moves:
        assert party.run("state", "mv", "party/dance", "party/cake").code == 0
        party.write_gallery([ENTRIES[1].replace("key: dance", "key: cake")], name="party", head=HEAD)
    else:
        party.write_gallery(["{key: cake, text: Tart, title: Tart}", ENTRIES[1]], name="party", head=HEAD)
        party.apply()
    ran = imported(party)
    assert f"not imported: 'Cake' ({cake})" in ran.err
    assert f"adopt: {{KEY: {cake}}}" in ran.err
    assert cake not in manifest(party)
    assert party.state()["released"] == {"party/cake": cake}
    party.write_gallery(["{key: pie, text: Pie, title: Pie}"], name="party", head=HEAD)
    party.apply("--max-delete-percent", "100")
    assert f"not imported: 'Cake' ({cake})" in imported(party).err


def test_a_gallery_that_was_given_up_stays_out_when_its_key_is_used_again(party: CliHarness) -> None:
    config = (party.root / "galleryctl.yaml").read_text(encoding="utf-8")
    gallery = party.galleries()[0]["id"]
    (party.root / "galleries/party.yaml").unlink()
    party.write_gallery(["{key: x, text: x}"], name="other", head="bind: {name: Other, create: true}\n")
    party.write("galleryctl.yaml", f"{config}removed: [party]\n")
    party.apply()
    party.write("galleryctl.yaml", config)
    party.write_gallery(["{key: x, text: x}"], name="party", head="bind: {name: New, create: true}\n")
    party.apply()
    ran = party.run("import", "--all")
    assert ran.out == "No unmanaged galleries to import.\n"
    assert party.copyable(f"import KEY --id {gallery}") in ran.err
    assert party.run("import", "fest", "--id", gallery).code == 0


def test_a_gallery_whose_management_ended_is_not_imported(party: CliHarness) -> None:
    party.edit({"set": {"name": "Journal", "sortOrder": 9}})
    config = (party.root / "galleryctl.yaml").read_text(encoding="utf-8")
    party.write("galleryctl.yaml", f"{config}removed: [journal]\n")
    ran = party.run("import", "--all")
    assert ran.code == 0
    assert ran.out == "No unmanaged galleries to import.\n"
    assert "not imported: 'Journal'" in ran.err
    assert "the management of gallery journal ended with removed: in galleryctl.yaml" in ran.err
    assert (
        f"to manage it again, take journal out of removed:, and run {party.copyable('import journal --id')}" in ran.err
    )
    for asked in (["journal"], ["--name", "Journal"]):
        refused(party.run("import", *asked), "galleryctl.yaml:4:11", "take journal out of removed: first")
    assert not (party.root / "galleries/journal.yaml").exists()
    assert party.run("import", "diary", "--name", "Journal").code == 0


def test_a_gallery_that_was_given_up_is_imported_by_name_only(party: CliHarness) -> None:
    """Its key in galleryctl.yaml was applied to every site, and taken out."""
    config = (party.root / "galleryctl.yaml").read_text(encoding="utf-8")
    (party.root / "galleries/party.yaml").unlink()
    party.write_gallery(["{key: x, text: x}"], name="other", head="bind: {name: Other, create: true}\n")
    party.write("galleryctl.yaml", f"{config}removed: [party]\n")
    party.apply()
    gallery = next(gallery for gallery in party.galleries() if gallery["name"] == "Party")
    refused(
        party.run("import", "fest", "--id", gallery["id"]), "galleryctl.yaml:4:11", "take party out of removed: first"
    )
    party.write("galleryctl.yaml", config)
    ran = party.run("import", "--all")
    assert ran.out == "No unmanaged galleries to import.\n"
    assert "the management of gallery party ended with removed:" in ran.err
    assert party.copyable(f"import party --id {gallery['id']}") in ran.err
    assert party.run("import", "party", "--id", gallery["id"]).code == 0
    assert "key: toast" in manifest(party)
    party.apply()
    assert party.state()["released"] == {}


@pytest.fixture
def sites(studio: CliHarness) -> CliHarness:
    """A workspace of two sites, each with a gallery of one item that nobody manages."""
    studio.write(
        "galleryctl.yaml",
        "galleryctl: 1\nbackend: {type: local}\ngalleries: galleries/*.yaml\n"
        "sites: {live: {}, stage: {}}\nstate: .galleryctl/{site}.json\n",
    )
    for site in ("live", "stage"):
        assert studio.run("show", "--live", "--site", site).code == 0
        edits = [{"set": {"name": "Party", "sortOrder": 1}}, {"gallery": {"name": "Party"}, "item": None, "set": text_item("Toast")}]  # fmt: skip
        for edit in edits:
            call_emulator(emulator(studio, site), "POST", "/_emulator/edit", {"edits": [edit]})
    studio.write_gallery([], name="party", head="bind: {name: Party}\n")
    return studio


def emulator(studio: CliHarness, site: str) -> Path:
    return studio.root / ".galleryctl/emulator" / site


def test_each_site_has_its_own_lines(sites: CliHarness) -> None:
    ids = {site: toast(sites, site) for site in ("live", "stage")}
    for site in ("stage", "live"):
        assert sites.run("import", "party", "--site", site).code == 0
    lines = "".join(f"  {site}:\n    toast: {ids[site]}\n" for site in ("live", "stage"))
    assert f"adopt:\n{lines}items:\n" in manifest(sites)
    assert sites.run("validate").code == 0
    assert sites.run("apply", "--auto-approve", "--site", "live").code == 0
    assert sites.run("import", "party", "--site", "live").code == 0
    assert f"adopt:\n  stage:\n    toast: {ids['stage']}\nitems:\n" in manifest(sites)
    edit = {"gallery": {"name": "Party"}, "item": ids["live"], "delete": True}
    call_emulator(emulator(sites, "live"), "POST", "/_emulator/edit", {"edits": [edit]})
    assert "not on the site: toast" in sites.run("import", "party", "--site", "live").err
    assert "toast" not in manifest(sites)
    assert sites.run("validate").code == 0


def toast(studio: CliHarness, site: str) -> str:
    (gallery,) = call_emulator(emulator(studio, site), "GET", "/progallery/v2/galleries?limit=10")["galleries"]
    items = call_emulator(emulator(studio, site), "GET", f"/progallery/v2/galleries/{gallery['id']}/items")["items"]
    return str(items[0]["id"])
