"""The errors of a forge: what its API answered, or that it did not."""

from __future__ import annotations

from galleryctl.model.errors import GalleryctlError


class ForgeError(GalleryctlError):
    """A request to the forge failed; `status` is None without a response."""

    def __init__(self, what: str, *, call: str, status: int | None = None, why: str = "", do: str = "") -> None:
        super().__init__(what, where=call, why=why, do=do)
        self.status = status


class ForgeForbidden(ForgeError):  # noqa: N818 - named for what it says
    """The token may not do this (403), as in a pull request from a fork."""


class ForgeNotFound(ForgeError):  # noqa: N818 - named for what it says
    """The object does not exist, or the token may not see it (404)."""


class ForgeTextTooLong(ForgeError):  # noqa: N818 - named for what it says
    """The forge does not take a text of this length (422, 413)."""


class ForgeResponseLost(ForgeError):  # noqa: N818 - named for what it says
    """A request that must not be repeated had no usable response; it may have taken effect."""
