"""An app that signs events with its private key, as Wix does."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from galleryctl.events.token import TrustPolicy, read_public_key

Doc = dict[str, Any]
NOW = 1_800_000_000.0
INSTANCE = "11111111-2222-3333-4444-555555555555"
GALLERY = "3d35be81-5b77-4b5a-b016-235e3bd5742b"
ITEM = "12302458-2e03-42fb-893b-6eeeb2a3e247"
SDK, DESCRIPTOR = "wix.pro_gallery.gallery_v2_", "wix.pro_gallery.v2.gallery_"


@dataclass(frozen=True, slots=True)
class KeyPair:
    """Both keys of an app, as PEM."""

    private: bytes
    public: bytes

    def trust(self, *, max_age: float = 86_400.0) -> TrustPolicy:
        """Return the settings of a receiver of this app's events."""
        return TrustPolicy(key=read_public_key(self.public, "app.pem"), instance_id=INSTANCE, max_age=max_age)

    def sign(self, data: object, *, headers: Doc | None = None, **claims: object) -> bytes:
        """Return a body with this claim `data`, signed at `NOW` unless the claims say otherwise."""
        text = data if isinstance(data, str) else json.dumps(data)
        payload = {"data": text, "iat": int(NOW), "exp": int(NOW) + 3600, **claims}
        kept = {name: value for name, value in payload.items() if value is not None}
        return jwt.encode(kept, self.private, algorithm="RS256", headers=headers).encode()

    def sign_raw(self, payload: bytes, header: Doc | None = None) -> bytes:
        """Return a body with exactly these claims, which need not be JSON."""
        return jwt.PyJWS().encode(payload, self.private, algorithm="RS256", headers=header).encode()


@cache
def trusted_app() -> KeyPair:
    """Return the trusted app."""
    return _key_pair()


@cache
def untrusted_app() -> KeyPair:
    """Return another app, which is not trusted."""
    return _key_pair()


def _key_pair(bits: int = 2048) -> KeyPair:
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return KeyPair(private, public_pem(key.public_key()))


def public_pem(key: rsa.RSAPublicKey) -> bytes:
    """Return the public key as PEM."""
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def event_claim(slug: str, part: Doc, *, prefix: str = SDK, instance: str = INSTANCE, **domain: Any) -> Doc:
    """Return the claim `data` of an event as nested JSON texts; `domain` replaces members of the domain event."""
    body = {
        "id": "e1",
        "entityFqdn": "wix.pro_gallery.v2.gallery",
        "slug": slug,
        "entityId": GALLERY,
        "eventTime": "2027-01-15T08:00:00.000Z",
        "triggeredByAnonymizeRequest": False,
        "originatedFrom": "",
        "entityEventSequence": "7",
        **part,
        **domain,
    }
    return {
        "eventType": prefix + slug,
        "instanceId": instance,
        "data": json.dumps(body),
        "identity": json.dumps({"identityType": "APP"}),
    }


def item_updated(title: str = "Cake", **domain: Any) -> Doc:
    """Return the claim for an item whose title changed to `title`."""
    item = {"id": ITEM, "title": title}
    return event_claim("gallery_item_updated", {"actionEvent": {"body": {"updatedItem": item}}}, **domain)


def base64url(content: bytes) -> bytes:
    """Encode as base64url without padding, as in the parts of a token."""
    return base64.urlsafe_b64encode(content).rstrip(b"=")
