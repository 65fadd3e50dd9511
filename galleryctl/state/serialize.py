"""State as the bytes of a file or object: readable JSON."""

from __future__ import annotations

import json

from galleryctl.model import json_document as doc
from galleryctl.model.command import command_line
from galleryctl.state.state_file import CorruptStateError, State, decode_state, encode_state

REPAIR_ADVICE = (
    "restore a previous version ("
    + command_line("state", "versions")
    + " lists them, "
    + command_line("state", "restore", "SERIAL")
    + " restores one), or rebuild it from the site: "
    + command_line("state", "rebuild")
)


def serialize_state(state: State) -> bytes:
    """Return the bytes to store for `state`, with a newline at the end."""
    return json.dumps(encode_state(state), indent=2).encode() + b"\n"


def deserialize_state(content: bytes, *, where: object, do: str = REPAIR_ADVICE) -> State:
    """Return the stored state. Raise CorruptStateError with the advice `do` if it is not one."""
    try:
        document = doc.parse_json(content)
    except ValueError as error:
        raise CorruptStateError("the state is not valid JSON", where=where, why=str(error), do=do) from error
    return decode_state(document, where=where, do=do)
