"""Saved plans of a workspace with a passphrase are signed, and only signed plans are applied."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from galleryctl.model.address import Address
from galleryctl.model.secret import Secret
from galleryctl.plan.file.canonical import digest
from galleryctl.state import encryption
from galleryctl.state.encryption import EncryptedBackend, Encryption
from galleryctl.state.file_backend import FileStateBackend
from galleryctl.state.state_file import encode_state
from tests.support.cli_harness import CliHarness, CommandResult, Doc

WORKSPACE = "galleryctl: 1\nbackend: {type: local}\ngalleries: galleries/*.yaml\nstate: STATE\n"
WITHOUT, OLD, NEW = "{}", "{passphrase: '${OLD_PASSPHRASE}'}", "{passphrase: '${NEW_PASSPHRASE}'}"
CHANGING = "{passphrase: '${NEW_PASSPHRASE}', former_passphrase: '${OLD_PASSPHRASE}'}"
NOT_SIGNED = "the plan is not signed with the passphrase of the state; nothing was applied"
WORDS = "{key: more, text: '<p>More</p>', title: More}"


@pytest.fixture(autouse=True)
def _passphrases(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make key derivation fast: it is slow by design, and each command repeats it."""
    monkeypatch.setattr(encryption, "SCRYPT_N", 2)
    monkeypatch.setenv("OLD_PASSPHRASE", "planted-old")
    monkeypatch.setenv("NEW_PASSPHRASE", "planted-new")


def become(studio: CliHarness, state: str) -> None:
    studio.write("galleryctl.yaml", WORKSPACE.replace("STATE", state))


def save(studio: CliHarness) -> Doc:
    """Save a plan that adds a text to an existing gallery."""
    studio.write_gallery(["{key: words, text: '<p>Thank you</p>', title: Words}"])
    studio.apply()
    studio.write_gallery(["{key: words, text: '<p>Thank you</p>', title: Words}", WORDS])
    assert studio.run("plan", "--out", "plan.json").code == 0
    plan: Doc = json.loads((studio.root / "plan.json").read_text(encoding="utf-8"))
    return plan


def put(studio: CliHarness, plan: Doc) -> None:
    """Write the plan back with a matching digest."""
    rest = {name: value for name, value in plan.items() if name not in ("digest", "signature")}
    studio.write("plan.json", json.dumps({**plan, "digest": digest(rest)}))


def refused(ran: CommandResult, what: str) -> None:
    assert (ran.code, ran.out) == (1, "")
    assert what in ran.err
    assert " plan --out FILE" in ran.err
    assert not any(request.strip() for request in ran.requests)  # advice starts with an arrow, too
    assert "planted" not in ran.err


def rebound(studio: CliHarness, plan: Doc) -> Doc:
    """Return the plan, edited to create its item in an unmanaged gallery."""
    (made,) = studio.edit({"gallery": None, "set": {"name": "Theirs", "sortOrder": 77}})
    return {**plan, "ids": {**plan["ids"], "weddings": made["gallery"]["id"]}}


def test_a_plan_is_signed_and_applied(studio: CliHarness) -> None:
    become(studio, OLD)
    plan = save(studio)
    assert plan["signature"]
    assert "planted" not in (studio.root / "plan.json").read_text(encoding="utf-8")
    ran = studio.run("plan", "--out", "plan.json", "--format", "json")
    assert "Saved the signed plan to plan.json." in ran.err
    assert json.loads(ran.out) == json.loads((studio.root / "plan.json").read_text(encoding="utf-8"))
    ran = studio.run("apply", "plan.json")
    assert ran.code == 0, ran.err
    assert studio.titles() == ["Words", "More"]


def test_an_unmanaged_gallery_bound_by_a_forged_plan_is_rejected(studio: CliHarness) -> None:
    become(studio, OLD)
    plan = rebound(studio, save(studio))
    for signature in (plan["signature"], "0" * 32 + ":" + "0" * 64):
        put(studio, {**plan, "signature": signature})
        refused(studio.run("-vv", "apply", "plan.json"), NOT_SIGNED)
    put(studio, {**plan, "signature": None})
    refused(studio.run("-vv", "apply", "plan.json"), NOT_SIGNED)
    assert studio.titles("Theirs") == []


def test_an_unmanaged_gallery_bound_by_an_unencrypted_state_is_rejected(studio: CliHarness) -> None:
    """The plan is unchanged, but the state names another gallery."""
    become(studio, OLD)
    save(studio)
    (made,) = studio.edit({"gallery": None, "set": {"name": "Theirs", "sortOrder": 77}})
    backend = EncryptedBackend(
        FileStateBackend(studio.root / ".galleryctl/state.json"), Encryption(Secret("planted-old"))
    )
    state = backend.read()
    assert state is not None
    ids = {**state.bindings.ids, Address("weddings"): made["gallery"]["id"]}
    theirs = replace(state, bindings=replace(state.bindings, ids=ids))
    studio.write(".galleryctl/state.json", json.dumps(encode_state(theirs)))
    ran = studio.run("apply", "plan.json")
    assert ran.code == 1
    assert "this state is not encrypted, but the workspace has a passphrase" in ran.err
    assert studio.copyable("state reseal") in ran.err
    assert studio.titles("Theirs") == []


def test_without_a_passphrase_a_forged_plan_looks_like_a_real_one(studio: CliHarness) -> None:
    """This is why plans are signed. Without a passphrase a missing signature is accepted: a forger would omit it."""
    become(studio, WITHOUT)
    plan = save(studio)
    assert plan["signature"] is None
    put(studio, {**rebound(studio, plan), "signature": "0" * 32 + ":" + "0" * 64})
    assert studio.run("apply", "plan.json").code == 0
    assert studio.titles("Theirs") == ["More"]


@pytest.mark.parametrize(
    ("old", "new", "is_accepted"),
    [('"More"', '"Less"', False), ('"signature": "', '"signature": "0', False), ('"action": "', '"action":  "', True)],
)
def test_each_value_of_a_signed_plan_counts_and_white_space_does_not(
    studio: CliHarness, old: str, new: str, *, is_accepted: bool
) -> None:
    become(studio, OLD)
    save(studio)
    path = studio.root / "plan.json"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    assert studio.run("apply", "plan.json").code == (0 if is_accepted else 1)
    assert studio.titles() == (["Words", "More"] if is_accepted else ["Words"])


def test_a_plan_that_was_printed_is_not_signed(studio: CliHarness) -> None:
    become(studio, OLD)
    save(studio)
    studio.write("plan.json", studio.run("plan", "--format", "json").out)
    refused(studio.run("-vv", "apply", "plan.json"), NOT_SIGNED)


def test_a_plan_made_before_the_passphrase_changed_counts_as_long_as_the_former_does(studio: CliHarness) -> None:
    become(studio, OLD)
    save(studio)
    become(studio, NEW)
    refused(studio.run("-vv", "apply", "plan.json"), NOT_SIGNED)
    become(studio, CHANGING)
    assert studio.run("apply", "plan.json").code == 0
    assert studio.titles() == ["Words", "More"]


def test_an_old_plan_is_refused_though_it_is_signed(studio: CliHarness) -> None:
    become(studio, OLD)
    save(studio)
    assert studio.run("state", "reseal").code == 0
    ran = studio.run("apply", "plan.json")
    assert ran.code == 1
    assert "the state changed since the plan was made" in ran.err


def test_show_needs_no_passphrase_and_says_that_a_plan_is_signed(
    studio: CliHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    become(studio, OLD)
    save(studio)
    monkeypatch.delenv("OLD_PASSPHRASE")
    ran = studio.run("show", "plan.json")
    assert ran.code == 0
    assert "This plan is signed" in ran.err
    saved = json.loads((studio.root / "plan.json").read_text(encoding="utf-8"))
    assert json.loads(studio.run("show", "plan.json", "--format", "json").out) == saved
    put(studio, {**saved, "signature": None})
    assert "signed" not in studio.run("show", "plan.json").err
