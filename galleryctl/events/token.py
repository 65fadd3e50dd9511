"""The signed envelope of a webhook: who sent it, for which site, and when. Pure: the time is given."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from galleryctl.events.rejection import RejectedDeliveryError, RejectionReason
from galleryctl.events.strict_json import parse_strict_json
from galleryctl.model.errors import GalleryctlError

_ALGORITHM = "RS256"
MAX_BODY_BYTES = 1_000_000
"""Of a body; an event carries one gallery without its items, or one item: some thousand bytes."""
_MAX_CLOCK_SKEW = 60.0
"""Seconds by which two clocks may differ."""
MAX_AGE = 7 * 86_400.0
"""Seconds; the vendor tries up to 12 times, at most 12 hours apart: six days."""
_MIN_KEY_BITS = 2048
"""Bits; shorter RSA keys can be broken."""
_TOKEN = re.compile(rb"([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustPolicy:
    """Whose signature counts, for which instance of the app, and for how many seconds after the signing."""

    key: RSAPublicKey
    instance_id: str
    max_age: float = MAX_AGE


def read_public_key(text: bytes, where: object) -> RSAPublicKey:
    """The public key in `text`: PEM, or base64 of PEM. Raises GalleryctlError, naming `where`, for anything else."""
    try:
        pem = text if b"-----BEGIN" in text else base64.b64decode(b"".join(text.split()), validate=True)
        key = load_pem_public_key(pem)
    except (ValueError, binascii.Error, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, RSAPublicKey) or key.key_size < _MIN_KEY_BITS:
        raise GalleryctlError(
            "this is not the public key of an app",
            where=where,
            why=f"it must be an RSA key of {_MIN_KEY_BITS} bits or more, as PEM or as base64 of PEM",
            do="copy the public key from the page of the app's webhooks",
        )
    return key


def verify_delivery(body: bytes, trust: TrustPolicy, now: float) -> Mapping[str, Any]:
    """The claim `data` of a delivery's body, vouched for by the app's key; `now` is epoch seconds.

    Raises RefusedDeliveryError. What the token says about keys (`jku`, `x5u`, `jwk`, `kid`) is never looked at.
    """
    if len(body) > MAX_BODY_BYTES:
        raise RejectedDeliveryError(RejectionReason.OVERSIZED, f"it has more than {MAX_BODY_BYTES} bytes")
    claims = _verified_claims(body.strip(), trust.key)
    _check_times(claims, trust, now)
    data = json_object(claims.get("data"), "data")
    if data.get("instanceId") != trust.instance_id:
        raise RejectedDeliveryError(
            RejectionReason.INSTANCE, f"it is for instance {data.get('instanceId')!r}, not for {trust.instance_id}"
        )
    return data


def json_object(value: object, name: str) -> Mapping[str, Any]:
    """The object that `value` is, or holds as JSON text. Raises RefusedDeliveryError, calling it `name`."""
    if isinstance(value, str):
        try:
            value = parse_strict_json(value)
        except ValueError as error:
            raise RejectedDeliveryError(RejectionReason.MALFORMED, f"{name} is no JSON: {error}") from None
    if not isinstance(value, dict):
        raise RejectedDeliveryError(RejectionReason.MALFORMED, f"{name} is no object")
    return value


def _verified_claims(token: bytes, key: RSAPublicKey) -> Mapping[str, Any]:
    """The claims of the token, once its signature is found right."""
    parts = _TOKEN.fullmatch(token)
    if parts is None:
        raise RejectedDeliveryError(RejectionReason.MALFORMED, "it is no JWT")
    algorithm = json_object(_decode_base64(parts[1], "the header"), "the header").get("alg")
    if algorithm != _ALGORITHM:
        raise RejectedDeliveryError(RejectionReason.ALGORITHM, f"it is signed with {algorithm!r}, not {_ALGORITHM}")
    try:
        payload = jwt.PyJWS().decode_complete(token, key, algorithms=[_ALGORITHM])["payload"]
    except jwt.InvalidSignatureError:
        raise RejectedDeliveryError(
            RejectionReason.SIGNATURE, "the app's key did not sign it, or it was changed"
        ) from None
    except jwt.PyJWTError as error:
        raise RejectedDeliveryError(RejectionReason.MALFORMED, str(error)) from None
    return json_object(_decode_utf8(payload, "the claims"), "the claims")


def _decode_base64(part: bytes, name: str) -> str:
    try:
        return _decode_utf8(base64.urlsafe_b64decode(part + b"=" * (-len(part) % 4)), name)
    except binascii.Error:
        raise RejectedDeliveryError(RejectionReason.MALFORMED, f"{name} is no base64") from None


def _decode_utf8(content: bytes, name: str) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise RejectedDeliveryError(RejectionReason.MALFORMED, f"{name} is no UTF-8") from None


def _check_times(claims: Mapping[str, Any], trust: TrustPolicy, now: float) -> None:
    issued, expires, begins = (_timestamp(claims, name) for name in ("iat", "exp", "nbf"))
    if issued is None:
        raise RejectedDeliveryError(RejectionReason.STALE, "it does not say when it was signed (iat)")
    if expires is not None and expires + _MAX_CLOCK_SKEW <= now:
        raise RejectedDeliveryError(RejectionReason.EXPIRED, f"it expired {now - expires:.0f} s ago")
    if max(issued, begins or issued) - _MAX_CLOCK_SKEW > now:
        raise RejectedDeliveryError(RejectionReason.NOT_YET_VALID, "it is from the future")
    if issued + _MAX_CLOCK_SKEW + trust.max_age < now:
        raise RejectedDeliveryError(RejectionReason.STALE, f"it was signed {now - issued:.0f} s ago")


def _timestamp(claims: Mapping[str, Any], name: str) -> float | None:
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RejectedDeliveryError(RejectionReason.MALFORMED, f"{name} is no number")
    return float(value)
