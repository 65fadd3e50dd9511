"""Authentication by API key, or by an app's access token.

Not an httpx.Auth: a token request that fails inside the flow of a create would look like a lost create.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from galleryctl.model.fields import Json
from galleryctl.model.secret import Secret
from galleryctl.wix.codec import as_number, as_size, as_string
from galleryctl.wix.messages import JsonReply

FetchToken = Callable[[Mapping[str, Json]], Awaitable[JsonReply]]
"""Sends the body to the token endpoint and returns the reply."""

_REFRESH_MARGIN = 60.0
"""Seconds before a token's expiry from which it is no longer used: a request may wait that long for its turn."""


class Auth(Protocol):
    """The source of the credentials."""

    async def headers(self, fetch: FetchToken, now: float) -> Mapping[str, str]:
        """Return the headers that authenticate a request; `now` is a monotonic clock in seconds."""
        ...

    def handle_unauthorized(self, headers: Mapping[str, str]) -> bool:
        """Record a 401 for `headers`; return True if new headers may succeed."""
        ...

    def secrets(self) -> tuple[Secret, ...]:
        """Return the secrets to redact if the API repeats them."""
        ...


class ApiKeyAuth:
    """An API key of the account, for one site."""

    def __init__(self, key: Secret, site_id: str) -> None:
        self._key = key
        self._site_id = site_id

    async def headers(self, fetch: FetchToken, now: float) -> Mapping[str, str]:  # noqa: ARG002 - as the protocol
        """Return the key, without a scheme such as Bearer, and the site id."""
        return {"Authorization": self._key.reveal(), "wix-site-id": self._site_id}

    def handle_unauthorized(self, headers: Mapping[str, str]) -> bool:  # noqa: ARG002 - as the protocol
        """Return False: a rejected key stays rejected."""
        return False

    def secrets(self) -> tuple[Secret, ...]:
        """Return the key."""
        return (self._key,)


class AppAuth:
    """An app's client credentials for one instance; the token is renewed before it expires."""

    def __init__(self, app_id: str, app_secret: Secret, instance_id: str) -> None:
        self._app_id = app_id
        self._app_secret = app_secret
        self._instance_id = instance_id
        self._lock = asyncio.Lock()
        self._token: Secret | None = None
        self._expires_at = 0.0

    async def headers(self, fetch: FetchToken, now: float) -> Mapping[str, str]:
        """Return the token, fetching one if there is none or it expires soon; raises ApiError."""
        async with self._lock:
            if self._token is None or now >= self._expires_at:
                await self._renew(fetch, now)
            return {"Authorization": "" if self._token is None else self._token.reveal()}

    async def _renew(self, fetch: FetchToken, now: float) -> None:
        reply = await fetch(
            {
                "grant_type": "client_credentials",
                "client_id": self._app_id,
                "client_secret": self._app_secret.reveal(),
                "instance_id": self._instance_id,
            }
        )
        token = as_string(reply.get("access_token"))
        if not token:
            raise reply.malformed("the response has no access_token")
        lifetime = reply.get("expires_in")
        seconds = float(as_number(lifetime) or as_size(lifetime) or 0)
        self._token = Secret(token)
        # a token without a lifetime is used until it is rejected
        self._expires_at = now + max(seconds - _REFRESH_MARGIN, seconds / 2) if seconds > 0 else float("inf")

    def handle_unauthorized(self, headers: Mapping[str, str]) -> bool:
        """Expire the token unless another request has already renewed it; return True."""
        if self._token is not None and self._token.reveal() == headers.get("Authorization"):
            self._expires_at = float("-inf")
        return True

    def secrets(self) -> tuple[Secret, ...]:
        """Return the app's secret and the token."""
        return (self._app_secret,) if self._token is None else (self._app_secret, self._token)
