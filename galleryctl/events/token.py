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

from galleryctl.events.refusal import Reason, RefusedDeliveryError
from galleryctl.events.strict import strict
from galleryctl.model.errors import GalleryctlError

ALGORITHM = "RS256"
MAX_BYTES = 1_000_000
"""Of a body; an event carries one gallery without its items, or one item: some thousand bytes."""
CLOCKS = 60.0
"""Seconds by which two clocks may differ."""
MAX_AGE = 7 * 86_400.0
"""Seconds; the vendor tries up to 12 times, at most 12 hours apart: six days."""
SMALLEST_KEY = 2048
"""Bits; shorter RSA keys can be broken."""
_TOKEN = re.compile(rb"([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Whose signature counts, for which instance of the app, and for how many seconds after the signing."""

    key: RSAPublicKey
    instance_id: str
    max_age: float = MAX_AGE


def read_key(text: bytes, where: object) -> RSAPublicKey:
    """The public key in `text`: PEM, or base64 of PEM. Raises GalleryctlError, naming `where`, for anything else."""
    try:
        pem = text if b"-----BEGIN" in text else base64.b64decode(b"".join(text.split()), validate=True)
        key = load_pem_public_key(pem)
    except (ValueError, binascii.Error, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, RSAPublicKey) or key.key_size < SMALLEST_KEY:
        raise GalleryctlError(
            "this is not the public key of an app",
            where=where,
            why=f"it must be an RSA key of {SMALLEST_KEY} bits or more, as PEM or as base64 of PEM",
            do="copy the public key from the page of the app's webhooks",
        )
    return key


def verified(body: bytes, trust: Trust, now: float) -> Mapping[str, Any]:
    """The claim `data` of a delivery's body, vouched for by the app's key; `now` is epoch seconds.

    Raises RefusedDeliveryError. What the token says about keys (`jku`, `x5u`, `jwk`, `kid`) is never looked at.
    """
    if len(body) > MAX_BYTES:
        raise RefusedDeliveryError(Reason.OVERSIZED, f"it has more than {MAX_BYTES} bytes")
    claims = _claims(body.strip(), trust.key)
    _check_times(claims, trust, now)
    data = json_object(claims.get("data"), "data")
    if data.get("instanceId") != trust.instance_id:
        raise RefusedDeliveryError(
            Reason.INSTANCE, f"it is for instance {data.get('instanceId')!r}, not for {trust.instance_id}"
        )
    return data


def json_object(value: object, name: str) -> Mapping[str, Any]:
    """The object that `value` is, or holds as JSON text. Raises RefusedDeliveryError, calling it `name`."""
    if isinstance(value, str):
        try:
            value = strict(value)
        except ValueError as error:
            raise RefusedDeliveryError(Reason.MALFORMED, f"{name} is no JSON: {error}") from None
    if not isinstance(value, dict):
        raise RefusedDeliveryError(Reason.MALFORMED, f"{name} is no object")
    return value


def _claims(token: bytes, key: RSAPublicKey) -> Mapping[str, Any]:
    """The claims of the token, once its signature is found right."""
    parts = _TOKEN.fullmatch(token)
    if parts is None:
        raise RefusedDeliveryError(Reason.MALFORMED, "it is no JWT")
    algorithm = json_object(_text(parts[1], "the header"), "the header").get("alg")
    if algorithm != ALGORITHM:
        raise RefusedDeliveryError(Reason.ALGORITHM, f"it is signed with {algorithm!r}, not {ALGORITHM}")
    try:
        payload = jwt.PyJWS().decode_complete(token, key, algorithms=[ALGORITHM])["payload"]
    except jwt.InvalidSignatureError:
        raise RefusedDeliveryError(Reason.SIGNATURE, "the app's key did not sign it, or it was changed") from None
    except jwt.PyJWTError as error:
        raise RefusedDeliveryError(Reason.MALFORMED, str(error)) from None
    return json_object(_decoded(payload, "the claims"), "the claims")


def _text(part: bytes, name: str) -> str:
    try:
        return _decoded(base64.urlsafe_b64decode(part + b"=" * (-len(part) % 4)), name)
    except binascii.Error:
        raise RefusedDeliveryError(Reason.MALFORMED, f"{name} is no base64") from None


def _decoded(content: bytes, name: str) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise RefusedDeliveryError(Reason.MALFORMED, f"{name} is no UTF-8") from None


def _check_times(claims: Mapping[str, Any], trust: Trust, now: float) -> None:
    issued, expires, begins = (_seconds(claims, name) for name in ("iat", "exp", "nbf"))
    if issued is None:
        raise RefusedDeliveryError(Reason.STALE, "it does not say when it was signed (iat)")
    if expires is not None and expires + CLOCKS <= now:
        raise RefusedDeliveryError(Reason.EXPIRED, f"it expired {now - expires:.0f} s ago")
    if max(issued, begins or issued) - CLOCKS > now:
        raise RefusedDeliveryError(Reason.NOT_YET_VALID, "it is from the future")
    if issued + CLOCKS + trust.max_age < now:
        raise RefusedDeliveryError(Reason.STALE, f"it was signed {now - issued:.0f} s ago")


def _seconds(claims: Mapping[str, Any], name: str) -> float | None:
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RefusedDeliveryError(Reason.MALFORMED, f"{name} is no number")
    return float(value)
