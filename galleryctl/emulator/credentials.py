"""Random ids and keys of one emulated site, kept so that a restart has the same ones."""

from __future__ import annotations

import json
import os
import secrets
import uuid
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from galleryctl.model.errors import GalleryctlError

CREDENTIALS_FILE = "credentials.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientCredentials:
    """What a client of the emulated site needs; the public key verifies webhooks, as PEM text."""

    site_id: str
    api_key: str
    read_api_key: str
    app_id: str
    app_secret: str
    instance_id: str
    public_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials(ClientCredentials):
    """All secrets of the emulated site; the private key signs webhooks, as PEM text."""

    private_key: str

    @property
    def client_values(self) -> dict[str, str]:
        """Those that a client may know, by the names of `Keys`."""
        return {each.name: getattr(self, each.name) for each in fields(ClientCredentials)}


def load_credentials(data_dir: Path | None) -> Credentials:
    """The credentials in `data_dir`, made on the first call; new ones each time without a directory."""
    if data_dir is None:
        return _generate()
    path = data_dir / CREDENTIALS_FILE
    if not path.exists():
        _write_if_absent(path, json.dumps(asdict(_generate()), indent=2))
    try:
        return Credentials(**json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, TypeError) as cause:
        raise GalleryctlError(
            "the emulator's credentials cannot be read",
            where=path,
            why=str(cause),
            do="delete the file; new ones are made",
        ) from cause


def key_pair() -> tuple[str, str]:
    """A new private key and its public key, as PEM."""
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - slow to import
    from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: PLC0415

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


def _generate() -> Credentials:
    private, public = key_pair()
    return Credentials(
        site_id=str(uuid.uuid4()),
        api_key=f"IST.{secrets.token_urlsafe(48)}",
        read_api_key=f"IST.{secrets.token_urlsafe(48)}",
        app_id=str(uuid.uuid4()),
        app_secret=str(uuid.uuid4()),
        instance_id=str(uuid.uuid4()),
        public_key=public,
        private_key=private,
    )


def _write_if_absent(path: Path, text: str) -> None:
    """Write a private file, whole; if somebody else was quicker, theirs stays."""
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
        out.write(text)
    try:
        os.link(part, path)
    except FileExistsError:
        pass  # read it instead
    finally:
        part.unlink()
