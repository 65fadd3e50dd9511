"""State as the bytes that a file or an object holds: readable JSON, or an envelope when there is a passphrase."""

from __future__ import annotations

import json
from collections.abc import Mapping

from galleryctl.model.errors import StateError
from galleryctl.state.encryption import ENVELOPE_PREFIX, AssociatedData, Encryption, is_encrypted
from galleryctl.state.state_file import CorruptStateError, State, decode_state, encode_state

_REPAIR_ADVICE = (
    "put a former version back (galleryctl state versions lists them, galleryctl state restore SERIAL does it), "
    "or make it anew from the site: galleryctl state rebuild"
)
_ASSOCIATED_DATA = {"kind": "state"}


def serialize_state(state: State, encryption: Encryption) -> bytes:
    """What to store of `state`, with a newline at its end."""
    text = json.dumps(encode_state(state), indent=2).encode() + b"\n"
    about: AssociatedData = {
        **_ASSOCIATED_DATA,
        "site_id": state.site_id,
        "lineage": state.lineage,
        "serial": state.serial,
    }
    return _encrypt_if_enabled(text, about, encryption)


def deserialize_state(content: bytes, encryption: Encryption, *, where: object, do: str = _REPAIR_ADVICE) -> State:
    """The state that was stored.

    Raises StateError when it is none, when it is sealed and cannot be opened, and when it is not sealed and the cipher
    takes nothing readable; `do` is what to do about a damaged one.
    """
    document = _parse_json(content, where, do)
    if not is_encrypted(document):
        if not encryption.accepts_plaintext:
            raise _not_encrypted_error(where, do)
        return decode_state(document, where=where, do=do)
    envelope = document if isinstance(document, Mapping) else {}
    return decode_state(
        _parse_json(encryption.decrypt(envelope, _ASSOCIATED_DATA, where=where), where, do), where=where, do=do
    )


def read_replaced_state(content: bytes, state: State, encryption: Encryption, *, where: object) -> State | None:
    """What `state` is about to replace; None when that cannot be read, and a rebuild or a restore replaces it.

    Raises StateError if `state` does not follow it: a run whose lock was broken must not undo a later one.
    """
    try:
        former = deserialize_state(content, encryption, where=where)
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


def reencrypt(content: bytes, encryption: Encryption) -> bytes:
    """Whatever was stored, as it is to be stored now: sealed with the passphrase, readable if there is none any more.

    What is sealed with a passphrase that is not known, or is not believed, is left as it is.
    """
    if not content.startswith(ENVELOPE_PREFIX):
        return _encrypt_if_enabled(content, _ASSOCIATED_DATA, encryption) if encryption.accepts_plaintext else content
    try:
        outdated = encryption.decrypt_outdated(json.loads(content)) if encryption.has_former_passphrase else None
    except (ValueError, RecursionError):
        return content
    return content if outdated is None else _encrypt_if_enabled(*outdated, encryption)


def _encrypt_if_enabled(content: bytes, associated_data: AssociatedData, encryption: Encryption) -> bytes:
    return encryption.encrypt(content, associated_data) + b"\n" if encryption.is_enabled else content


def _not_encrypted_error(where: object, do: str) -> CorruptStateError:
    return CorruptStateError(
        "this state is not sealed, and the workspace has a passphrase",
        where=where,
        why="whoever can write there may have put it in the place of yours",
        do=f"if it is yours, of the time before any passphrase: galleryctl state reseal, without a former_passphrase; if not, {do}",
    )


def _parse_json(content: bytes, where: object, do: str) -> object:
    try:
        document: object = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise CorruptStateError("the state is no JSON", where=where, why=str(error), do=do) from error
    return document
