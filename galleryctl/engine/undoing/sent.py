"""Compare a manifest with what a run sent: of a value from the environment, its record has a digest only."""

from __future__ import annotations

from collections.abc import Mapping

from galleryctl.model.fields import Json, values_equal
from galleryctl.model.media import HostedVideo, LocalFile, Media, RemoteFile
from galleryctl.model.variable_text import VariableText
from galleryctl.plan.identity.evidence import media_digest


def equals_sent(now: Json, sent: Json) -> bool:
    """Return True if `now`, a value of a manifest, is what the run sent, as `values_equal` compares them."""
    if isinstance(sent, VariableText):
        return isinstance(now, str) and _digest(now) == sent.sha256
    if isinstance(sent, Mapping) and isinstance(now, Mapping):
        return all(equals_sent(now.get(name), sent.get(name)) for name in now.keys() | sent.keys())
    if isinstance(sent, list | tuple) and isinstance(now, list | tuple) and any(map(_is_from_environment, sent)):
        # Tags are sorted by their value, which the record does not have.
        return sorted(map(_digest, now)) == sorted(map(_digest, sent))
    return values_equal(now, sent)


def is_sent_media(now: Media, sent: Media) -> bool:
    """Return True if `now`, the media of an entry, is what the run sent."""
    if isinstance(sent, RemoteFile | HostedVideo) and isinstance(sent.url, VariableText):
        return isinstance(now, type(sent)) and equals_sent(now.url, sent.url)
    if isinstance(now, LocalFile) and isinstance(sent, LocalFile):
        return sent.source in now.sources
    return media_digest(now) == media_digest(sent)


def _digest(text: Json) -> str:
    return text.sha256 if isinstance(text, VariableText) else VariableText(str(text), shown="").sha256


def _is_from_environment(value: Json) -> bool:
    return isinstance(value, VariableText)
