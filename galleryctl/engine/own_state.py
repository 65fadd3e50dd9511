"""Read the state of a site, and reject that of another site or of another API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from galleryctl.manifest.api_url import API_URL_VARIABLE
from galleryctl.model.command import command_line
from galleryctl.model.errors import StateError
from galleryctl.model.variable_text import displayed
from galleryctl.state.state_file import State

if TYPE_CHECKING:
    from galleryctl.engine.site import Site

_SEPARATE_STATES_ADVICE = "give each site its own state: use {site} in the workspace's `state`"


class OtherHostError(StateError):
    """The state is that of the site at another API; `galleryctl state rebuild` changes its host."""


def read_own_state(site: Site) -> State:
    """Return the stored state; a new one if there is none.

    Raises StateError if it belongs to another site, or to the same site at another API.
    """
    stored = site.backend.read()
    state = stored or State.new(site.site_id)
    if state.site_id != site.site_id:
        raise StateError(
            f"this state belongs to site {state.site_id}, not to {displayed(site.site_id)}",
            where=site.backend.location,
            do=_SEPARATE_STATES_ADVICE,
        )
    if stored is not None and site.api_host is not None and state.api_host != site.api_host:
        raise OtherHostError(
            f"this state belongs to {_api_name(state.api_host)}, not to {_api_name(site.api_host)}",
            where=site.backend.location,
            do=f"correct {API_URL_VARIABLE}; or use another location for this state; or, if this API serves the same "
            "site, rebuild it: " + command_line("state", "rebuild"),
        )
    return state


def _api_name(host: str) -> str:
    return f"the API at {host}" if host else "the vendor's API"
