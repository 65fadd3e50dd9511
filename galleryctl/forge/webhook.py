"""Post a message about a run to the address that an environment variable of the job names, as JSON or for Slack.

The address is often a secret itself: no message shows it, and it is not an option of any command.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from galleryctl.environment_transport import EnvironmentTransport
from galleryctl.http import ACCEPT_ENCODING, httpx
from galleryctl.model.errors import GalleryctlError
from galleryctl.model.fields import Json
from galleryctl.model.secret import Secret
from galleryctl.model.secure_url import is_secure_url
from galleryctl.model.waiting import Waiting, WaitKind, WaitObserver, unobserved
from galleryctl.network import NetworkSettings
from galleryctl.version import __version__

NOTIFY_VARIABLE = "GALLERYCTL_NOTIFY_URL"
_FORMAT_VARIABLE = "GALLERYCTL_NOTIFY_FORMAT"
_SLACK_HOSTS = ("hooks.slack.com", "hooks.slack-gov.com")
_SECONDS = 15.0
_ATTEMPTS = 3
_RETRIED = (429, 500, 502, 503, 504)
_MAX_TEXT = 3_000
"""Characters of a message; Slack shows up to 4,000."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunMessage:
    """The result of a run, in words and numbers."""

    command: str
    site: str
    result: str
    summary: str
    counts: Mapping[str, int]
    page: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """The address for messages."""

    url: Secret
    is_slack: bool

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Webhook | None:
        """Return the address in the environment, None if there is none. Raises GalleryctlError, which does not show it."""
        url = environ.get(NOTIFY_VARIABLE, "").strip()
        if not url:
            return None
        if not is_secure_url(url, allow_query=True):
            do = "set an https URL without a user name"
            raise GalleryctlError(f"{NOTIFY_VARIABLE} is not a valid address", where="the environment", do=do)
        asked = environ.get(_FORMAT_VARIABLE, "")
        if asked not in ("", "json", "slack"):
            raise GalleryctlError(f"{_FORMAT_VARIABLE} must be json or slack", where="the environment")
        return cls(url=Secret(url), is_slack=asked == "slack" or (not asked and urlsplit(url).hostname in _SLACK_HOSTS))

    def document(self, message: RunMessage) -> Mapping[str, Json]:
        """Return the JSON that is posted."""
        if self.is_slack:
            return {"text": _slack_text(message)}
        return {
            "kind": "notification",
            "format_version": 1,
            "command": message.command,
            "site": message.site,
            "result": message.result,
            "summary": message.summary,
            "counts": dict(message.counts),
            "page": message.page,
        }


async def post_message(
    webhook: Webhook,
    message: RunMessage,
    *,
    transport: httpx.AsyncBaseTransport | None = None,
    on_wait: WaitObserver = unobserved,
) -> None:
    """Post the message; redirects are not followed. Raises GalleryctlError, which does not show the address."""
    content = json.dumps(webhook.document(message)).encode()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": f"galleryctl/{__version__}",
        "Accept-Encoding": ACCEPT_ENCODING,
    }
    transport = transport or EnvironmentTransport(NetworkSettings())
    problem = ""
    waiting = Waiting(kind=WaitKind.RESPONSE, what=f"the host of {NOTIFY_VARIABLE}", seconds=_SECONDS, at_most=True)
    async with httpx.AsyncClient(transport=transport, timeout=_SECONDS, trust_env=False) as http:
        for _ in range(_ATTEMPTS):
            try:
                with on_wait(waiting):
                    async with (
                        asyncio.timeout(_SECONDS),
                        http.stream("POST", webhook.url.reveal(), content=content, headers=headers) as response,
                    ):
                        status = response.status_code
            except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, UnicodeError) as cause:
                problem = f"no response ({type(cause).__name__})"
                continue
            if 200 <= status < 300:  # noqa: PLR2004 - HTTP's own classes
                return
            problem = f"status {status}"
            if status not in _RETRIED:
                break
    raise GalleryctlError(f"the notification was not sent: {problem}", where=NOTIFY_VARIABLE)


def _slack_text(message: RunMessage) -> str:
    site = f" on {message.site}" if message.site else ""
    lines = [f"galleryctl {message.command}{site}: {message.result}", message.summary, message.page]
    text = "\n".join(filter(None, lines))[:_MAX_TEXT]
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
