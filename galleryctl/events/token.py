"""Verification of a webhook's JWT: its signature, app instance and time. Pure: the caller passes the time."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from jwt.algorithms import RSAAlgorithm

from galleryctl.events.rejection import RejectedDeliveryError, RejectionReason, malformed
from galleryctl.model.errors import GalleryctlError
from galleryctl.model.json_document import parse_json

_ALGORITHM = "RS256"
MAX_BODY_BYTES = 1_000_000
"""Maximum size; an event contains one item, or one gallery without its items: a few thousand bytes."""
_MAX_CLOCK_SKEW = 60.0
"""Seconds by which the sender's clock may differ."""
MAX_AGE = 7 * 86_400.0
"""Seconds; Wix retries up to 12 times, at most 12 hours apart: six days."""
_MIN_KEY_BITS = 2048
"""Shorter RSA keys can be broken."""
_TOKEN = re.compile(rb"([A-Za-z0-9_-]{1,10000})\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{1,3000})")
"""Header, claims and signature. Only the claims can be long: the header is parsed before anything is verified."""
_CRITICAL = ("crit", "b64")
"""Members of a header that change how a token must be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustPolicy:
    """The app's public key and instance id, and for how many seconds after signing a delivery is accepted."""

    key: RSAPublicKey
    instance_id: str
    max_age: float = MAX_AGE


def read_public_key(text: bytes, where: object) -> RSAPublicKey:
    """Return the public key in `text`: PEM, or base64 of PEM. Raise GalleryctlError at `where` for anything else."""
    try:
        pem = text if b"-----BEGIN" in text else base64.b64decode(b"".join(text.split()), validate=True)
        key = load_pem_public_key(pem)
    except (ValueError, binascii.Error, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, RSAPublicKey) or key.key_size < _MIN_KEY_BITS:
        raise GalleryctlError(
            "this is not an app's public key",
            where=where,
            why=f"it must be an RSA key of {_MIN_KEY_BITS} bits or more, as PEM or as base64 of PEM",
            do="copy the public key from the app's webhooks page",
        )
    return key


def verify_delivery(body: bytes, trust: TrustPolicy, now: float) -> Mapping[str, Any]:
    """Return the claim `data` of a delivery's body, verified with the app's key; `now` is epoch seconds.

    Raises RejectedDeliveryError. Key references in the token (`jku`, `x5u`, `jwk`, `kid`) are ignored.
    """
    if len(body) > MAX_BODY_BYTES:
        raise RejectedDeliveryError(RejectionReason.OVERSIZED, f"it has more than {MAX_BODY_BYTES} bytes")
    claims = _verified_claims(body.strip(), trust.key)
    _check_times(claims, trust, now)
    data = json_object(claims.get("data"), "data")
    if data.get("instanceId") != trust.instance_id:
        why = f"it is for instance {data.get('instanceId')!r}, not for {trust.instance_id}"
        raise RejectedDeliveryError(RejectionReason.INSTANCE, why)
    return data


def json_object(value: object, name: str) -> Mapping[str, Any]:
    """Return `value` if it is an object, or the object in its JSON text. Raise RejectedDeliveryError about `name`."""
    if isinstance(value, str):
        try:
            value = parse_json(value)
        except ValueError as error:
            raise malformed(f"{name} is not valid JSON: {error}") from None
    if not isinstance(value, dict):
        raise malformed(f"{name} is not an object")
    return value


def _verified_claims(token: bytes, key: RSAPublicKey) -> Mapping[str, Any]:
    """Return the claims of the token after verifying its signature; before that, nothing of them is decoded."""
    parts = _TOKEN.fullmatch(token)
    if parts is None:
        raise malformed("it is not a JWT")
    header = json_object(_decode_utf8(_decode_base64(parts[1], "the header"), "the header"), "the header")
    algorithm = header.get("alg")
    if algorithm != _ALGORITHM:
        raise RejectedDeliveryError(RejectionReason.ALGORITHM, f"it is signed with {algorithm!r:.40}, not {_ALGORITHM}")
    if named := [name for name in _CRITICAL if name in header]:
        raise malformed(f"its header has {named[0]}, which is not supported")
    signature = _decode_base64(parts[3], "the signature")
    if not RSAAlgorithm(RSAAlgorithm.SHA256).verify(token[: parts.end(2)], key, signature):
        why = "it was not signed with the app's key, or it was modified"
        raise RejectedDeliveryError(RejectionReason.SIGNATURE, why)
    return json_object(_decode_utf8(_decode_base64(parts[2], "the claims"), "the claims"), "the claims")


def _decode_base64(part: bytes, name: str) -> bytes:
    """Return the bytes; raise RejectedDeliveryError also for another form of the same bytes."""
    try:
        content = base64.urlsafe_b64decode(part + b"=" * (-len(part) % 4))
    except binascii.Error:
        content = b""
    if base64.urlsafe_b64encode(content).rstrip(b"=") != part:
        raise malformed(f"{name} is not valid base64")
    return content


def _decode_utf8(content: bytes, name: str) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise malformed(f"{name} is not valid UTF-8") from None


def _check_times(claims: Mapping[str, Any], trust: TrustPolicy, now: float) -> None:
    issued, expires, begins = (_timestamp(claims, name) for name in ("iat", "exp", "nbf"))
    if issued is None:
        raise RejectedDeliveryError(RejectionReason.STALE, "its signing time (iat) is missing")
    if expires is not None and expires + _MAX_CLOCK_SKEW <= now:
        raise RejectedDeliveryError(RejectionReason.EXPIRED, f"it expired {now - expires:.0f} s ago")
    if max(issued, begins or issued) - _MAX_CLOCK_SKEW > now:
        raise RejectedDeliveryError(RejectionReason.NOT_YET_VALID, "its time (iat or nbf) is in the future")
    if issued + _MAX_CLOCK_SKEW + trust.max_age < now:
        raise RejectedDeliveryError(RejectionReason.STALE, f"it was signed {now - issued:.0f} s ago")


def _timestamp(claims: Mapping[str, Any], name: str) -> float | None:
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise malformed(f"{name} is not a number")
    return float(value)
