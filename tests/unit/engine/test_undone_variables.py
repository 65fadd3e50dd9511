"""What a run sent from variables is recognized in a manifest by its digest."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from galleryctl.engine.undoing.sent import equals_sent, is_sent_media
from galleryctl.model.fields import Json, canonical
from galleryctl.model.media import HostedVideo, Media, RemoteFile, VideoHost, WixFile
from galleryctl.model.variable_text import VariableText
from galleryctl.plan.file.media import encode_media, read_media
from galleryctl.plan.file.texts import encode_value, read_value

TEXTS = st.text(max_size=5)
VARIABLES = st.builds(VariableText, TEXTS, st.just("${GALLERYCTL_VAR_X}"))
VALUES: st.SearchStrategy[Json] = st.recursive(
    TEXTS | VARIABLES | st.none() | st.booleans() | st.integers(-5, 5),
    lambda parts: st.dictionaries(TEXTS, parts, max_size=3) | st.tuples(VARIABLES | TEXTS, VARIABLES | TEXTS),
    max_leaves=6,
)


def plain(value: Json) -> Json:
    """Return the value as a manifest without variables has it."""
    if isinstance(value, dict):
        return {name: plain(part) for name, part in value.items()}
    if isinstance(value, tuple):
        return tuple(map(plain, value))
    return f"{value}" if isinstance(value, str) else value


@given(VALUES)
def test_a_recorded_value_is_recognized(value: Json) -> None:
    recorded = read_value(encode_value(value))
    assert equals_sent(value, recorded)
    assert equals_sent(plain(value), recorded)


@given(TEXTS, TEXTS)
def test_another_value_is_not(sent: str, now: str) -> None:
    recorded = read_value(encode_value({"a": VariableText(sent, "${GALLERYCTL_VAR_X}")}))
    assert equals_sent({"a": now}, recorded) is (sent == now)
    assert not equals_sent({"a": now, "b": "more"}, recorded)


@given(st.lists(TEXTS.filter(bool), max_size=4))
def test_tags_are_recognized_in_any_order(values: list[str]) -> None:
    tags = canonical("tags", tuple(VariableText(value, f"${{GALLERYCTL_VAR_{n}}}") for n, value in enumerate(values)))
    recorded = canonical("tags", read_value(encode_value(tags)))
    assert equals_sent(canonical("tags", tuple(values)), recorded)
    assert not equals_sent(canonical("tags", (*values, "one more tag")), recorded)


@pytest.mark.parametrize(
    ("sent", "other"),
    [
        (
            RemoteFile(url=VariableText("https://a.example/1.jpg", "https://a.example/${GALLERYCTL_VAR_X}")),
            RemoteFile(url="https://a.example/2.jpg"),
        ),
        (
            HostedVideo(host=VideoHost.VIMEO, url=VariableText("https://vimeo.com/1", "${GALLERYCTL_VAR_X}")),
            HostedVideo(host=VideoHost.VIMEO, url="https://vimeo.com/2"),
        ),
        (WixFile(id="a"), WixFile(id="b")),
    ],
)
def test_media_is_recognized(sent: Media, other: Media) -> None:
    recorded = read_media(encode_media(sent))
    assert is_sent_media(sent, recorded)
    assert not is_sent_media(other, recorded)
    assert not is_sent_media(None, recorded)
