"""State as the bytes of a file or object: readable JSON, or an envelope if there is a passphrase."""

from __future__ import annotations

import json

from galleryctl.model import json_document as doc
from galleryctl.model.errors import StateError
from galleryctl.model.fields import Json
from galleryctl.state.encryption import ENVELOPE_PREFIX, AssociatedData, Encryption, is_encrypted
from galleryctl.state.state_file import CorruptStateError, State, decode_state, encode_state

_REPAIR_ADVICE = (
    "restore a previous version (galleryctl state versions lists them, galleryctl state restore SERIAL restores one), "
    "or rebuild it from the site: galleryctl state rebuild"
)
_ASSOCIATED_DATA: dict[str, str | int] = {"kind": "state"}


def serialize_state(state: State, encryption: Encryption) -> bytes:
    """Return the bytes to store for `state`, with a newline at the end."""
    text = json.dumps(encode_state(state), indent=2).encode() + b"\n"
    data = _ASSOCIATED_DATA | {"site_id": state.site_id, "lineage": state.lineage, "serial": state.serial}
    return _encrypt_if_enabled(text, data, encryption)


def deserialize_state(content: bytes, encryption: Encryption, *, where: object, do: str = _REPAIR_ADVICE) -> State:
    """Return the stored state.

    Raises StateError with the advice `do` if it is not a valid state, cannot be decrypted, or is plaintext that
    `encryption` does not accept.
    """
    document = _parse_text(content, where, do)
    if not is_encrypted(document):
        if not encryption.accepts_plaintext:
            raise CorruptStateError(
                "this state is not encrypted, but the workspace has a passphrase",
                where=where,
                why="anyone with write access may have replaced your state with it",
                do="if it is yours, from before the passphrase was set: remove former_passphrase, if set, and "
                f"run galleryctl state reseal; otherwise {do}",
            )
        return decode_state(document, where=where, do=do)
    content = encryption.decrypt(document, _ASSOCIATED_DATA, where=where)
    return decode_state(_parse_text(content, where, do), where=where, do=do)


def read_replaced_state(content: bytes, state: State, encryption: Encryption, *, where: object) -> State | None:
    """Return the state in `content`, which `state` is about to replace; None if it is unreadable.

    Raises StateError if it is not older than `state`: a run that was force-unlocked must not undo a later one.
    """
    try:
        previous = deserialize_state(content, encryption, where=where)
    except StateError:
        return None
    if previous.lineage == state.lineage and previous.serial >= state.serial:
        raise StateError(
            "another run wrote the state in the meantime",
            where=where,
            why=f"its serial is {previous.serial}, this run would write {state.serial}",
            do="run the same command again",
        )
    return previous


def reencrypt(content: bytes, encryption: Encryption) -> bytes:
    """Return stored `content` in its current form: encrypted with the passphrase, or plaintext if none is set.

    Content that is not trusted, or encrypted with an unknown passphrase, is returned unchanged.
    """
    if not content.startswith(ENVELOPE_PREFIX):
        return _encrypt_if_enabled(content, _ASSOCIATED_DATA, encryption) if encryption.accepts_plaintext else content
    try:
        outdated = encryption.decrypt_outdated(doc.parse_json(content)) if encryption.has_former_passphrase else None
    except ValueError:
        return content
    return content if outdated is None else _encrypt_if_enabled(*outdated, encryption)


def _encrypt_if_enabled(content: bytes, associated_data: AssociatedData, encryption: Encryption) -> bytes:
    return encryption.encrypt(content, associated_data) + b"\n" if encryption.is_enabled else content


def _parse_text(content: bytes, where: object, do: str) -> Json:
    try:
        return doc.parse_json(content)
    except ValueError as error:
        raise CorruptStateError("the state is not valid JSON", where=where, why=str(error), do=do) from error
