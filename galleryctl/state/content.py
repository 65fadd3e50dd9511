"""State as the bytes that a file or an object holds: readable JSON, or an envelope when there is a passphrase."""

from __future__ import annotations

import json
from collections.abc import Mapping

from galleryctl.model.errors import StateError
from galleryctl.state.document import BrokenStateError, State, decode, encode
from galleryctl.state.seal import SEALED_START, About, Cipher, is_sealed

REPAIR = (
    "put a former version back (galleryctl state versions lists them, galleryctl state restore SERIAL does it), "
    "or make it anew from the site: galleryctl state rebuild"
)
_ABOUT = {"kind": "state"}


def write_content(state: State, cipher: Cipher) -> bytes:
    """What to store of `state`, with a newline at its end."""
    text = json.dumps(encode(state), indent=2).encode() + b"\n"
    about: About = {**_ABOUT, "site_id": state.site_id, "lineage": state.lineage, "serial": state.serial}
    return _stored(text, about, cipher)


def read_content(content: bytes, cipher: Cipher, *, where: object, do: str = REPAIR) -> State:
    """The state that was stored.

    Raises StateError when it is none, when it is sealed and cannot be opened, and when it is not sealed and the cipher
    takes nothing readable; `do` is what to do about a damaged one.
    """
    document = _json(content, where, do)
    if not is_sealed(document):
        if not cipher.takes_readable:
            raise _not_sealed(where, do)
        return decode(document, where=where, do=do)
    envelope = document if isinstance(document, Mapping) else {}
    return decode(_json(cipher.open(envelope, _ABOUT, where=where), where, do), where=where, do=do)


def read_former(content: bytes, state: State, cipher: Cipher, *, where: object) -> State | None:
    """What `state` is about to replace; None when that cannot be read, and a rebuild or a restore replaces it.

    Raises StateError if `state` does not follow it: a run whose lock was broken must not undo a later one.
    """
    try:
        former = read_content(content, cipher, where=where)
    except StateError:
        return None
    if former.lineage == state.lineage and former.serial >= state.serial:
        raise StateError(
            "another run wrote the state meanwhile",
            where=where,
            why=f"its serial is {former.serial}, this run would write {state.serial}",
            do="run the same command again",
        )
    return former


def content_anew(content: bytes, cipher: Cipher) -> bytes:
    """Whatever was stored, as it is to be stored now: sealed with the passphrase, readable if there is none any more.

    What is sealed with a passphrase that is not known, or is not believed, is left as it is.
    """
    if not content.startswith(SEALED_START):
        return _stored(content, _ABOUT, cipher) if cipher.takes_readable else content
    try:
        outdated = cipher.outdated(json.loads(content)) if cipher.outdates else None
    except (ValueError, RecursionError):
        return content
    return content if outdated is None else _stored(*outdated, cipher)


def _stored(content: bytes, about: About, cipher: Cipher) -> bytes:
    return cipher.seal(content, about) + b"\n" if cipher.seals else content


def _not_sealed(where: object, do: str) -> BrokenStateError:
    return BrokenStateError(
        "this state is not sealed, and the workspace has a passphrase",
        where=where,
        why="whoever can write there may have put it in the place of yours",
        do=f"if it is yours, of the time before any passphrase: galleryctl state reseal, without a former_passphrase; if not, {do}",
    )


def _json(content: bytes, where: object, do: str) -> object:
    try:
        document: object = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise BrokenStateError("the state is no JSON", where=where, why=str(error), do=do) from error
    return document
