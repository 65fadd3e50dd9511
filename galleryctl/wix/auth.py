"""Who calls: the headers of an API key, or of an app's access token.

Not an httpx.Auth: a token call inside the flow of a create could get lost, and would look like a lost create.
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
"""Sends the body to the token endpoint and returns the answer."""

_REFRESH_MARGIN = 60.0
"""Seconds before its end from which a token is not used any more: a request may wait that long for its turn."""


class Auth(Protocol):
    """Where the headers of a request come from."""

    async def headers(self, fetch: FetchToken, now: float) -> Mapping[str, str]:
        """The headers that say who calls; `now` is a monotonic clock in seconds."""
        ...

    def handle_unauthorized(self, headers: Mapping[str, str]) -> bool:
        """These headers got a 401; whether it makes sense to ask for headers once more."""
        ...

    def secrets(self) -> tuple[Secret, ...]:
        """What must not be shown, should the API repeat it."""
        ...


class ApiKeyAuth:
    """An API key of the account, for one site."""

    def __init__(self, key: Secret, site_id: str) -> None:
        self._key = key
        self._site_id = site_id

    async def headers(self, fetch: FetchToken, now: float) -> Mapping[str, str]:  # noqa: ARG002 - as the protocol
        """The key without a scheme word, and the site."""
        return {"Authorization": self._key.reveal(), "wix-site-id": self._site_id}

    def handle_unauthorized(self, headers: Mapping[str, str]) -> bool:  # noqa: ARG002 - as the protocol
        """A key does not get better."""
        return False

    def secrets(self) -> tuple[Secret, ...]:
        """The key."""
        return (self._key,)


class AppAuth:
    """An app's client credentials for one instance; its token is fetched once and renewed in time."""

    def __init__(self, app_id: str, app_secret: Secret, instance_id: str) -> None:
        self._app_id = app_id
        self._app_secret = app_secret
        self._instance_id = instance_id
        self._lock = asyncio.Lock()
        self._token: Secret | None = None
        self._expires_at = 0.0

    async def headers(self, fetch: FetchToken, now: float) -> Mapping[str, str]:
        """The token; fetched when there is none or its time is nearly over. Raises ApiError."""
        async with self._lock:
            if self._token is None or now >= self._expires_at:
                await self._renew(fetch, now)
            return {"Authorization": "" if self._token is None else self._token.reveal()}

    async def _renew(self, fetch: FetchToken, now: float) -> None:
        answer = await fetch(
            {
                "grant_type": "client_credentials",
                "client_id": self._app_id,
                "client_secret": self._app_secret.reveal(),
                "instance_id": self._instance_id,
            }
        )
        token = as_string(answer.get("access_token"))
        if not token:
            raise answer.malformed("the answer holds no access_token")
        lifetime = answer.get("expires_in")
        seconds = float(as_number(lifetime) or as_size(lifetime) or 0)
        self._token = Secret(token)
        # without a lifetime a token is used until it is refused
        self._expires_at = now + max(seconds - _REFRESH_MARGIN, seconds / 2) if seconds > 0 else float("inf")

    def handle_unauthorized(self, headers: Mapping[str, str]) -> bool:
        """The token is not used any more, unless another request has renewed it already; ask again."""
        if self._token is not None and self._token.reveal() == headers.get("Authorization"):
            self._expires_at = float("-inf")
        return True

    def secrets(self) -> tuple[Secret, ...]:
        """The app's secret and the token."""
        return (self._app_secret,) if self._token is None else (self._app_secret, self._token)
