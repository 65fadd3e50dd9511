"""A spliced copy has the replaced spans, and the rest of the file as it is."""

from __future__ import annotations

import io

from hypothesis import given
from hypothesis import strategies as st

from galleryctl.photo.splice import Splice, read_spliced, spliced_size


@st.composite
def spliced_files(draw: st.DrawFn) -> tuple[bytes, list[Splice], bytes]:
    """Return a file, splices, and the copy that they make."""
    parts = draw(st.lists(st.tuples(st.binary(max_size=9), st.binary(max_size=9), st.binary(max_size=9)), max_size=5))
    content, copy, splices = b"", b"", list[Splice]()
    for kept, dropped, replacement in parts:
        start = len(content) + len(kept)
        splices.append(Splice(start, start + len(dropped), replacement))
        content += kept + dropped
        copy += kept + replacement
    rest = draw(st.binary(max_size=9))
    return content + rest, splices, copy + rest


@given(spliced_files())
def test_a_copy_replaces_the_spans_and_keeps_the_rest(case: tuple[bytes, list[Splice], bytes]) -> None:
    content, splices, copy = case
    assert b"".join(read_spliced(io.BytesIO(content), splices)) == copy
    assert spliced_size(len(content), splices) == len(copy)
