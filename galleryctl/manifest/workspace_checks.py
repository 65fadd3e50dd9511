"""The problems of galleryctl.yaml that its schema cannot express."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from galleryctl.manifest.site_settings import NOT_A_HEADER_VALUE, is_header_value
from galleryctl.manifest.state_config import check_state_config
from galleryctl.manifest.yaml.nodes import YamlDocument, YamlNode
from galleryctl.model.errors import Problem
from galleryctl.model.secure_url import is_secure_url
from galleryctl.model.wix_places import SITE_ID_PLACE

APP_KEYS = ("app_id", "app_secret", "instance_id")
"""The parts of an app's `auth`."""
_SECRET_KEYS = ("api_key", "app_secret")
"""The secret parts of `auth`."""


def semantic_problems(document: YamlDocument, *, local: bool) -> Iterator[Problem]:
    """Yield the problems that the schema cannot express."""
    top = document.root
    if top is None or top.parts is None:
        return
    sites = get_parts(top, "sites")
    if not local and top.part("sites") is None:
        yield Problem(document.at(top), "missing sites: required unless the backend is {type: local}")
    for name, site in sites.items():
        yield from _site_problems(document, name, site, local=local)
    if not local:
        yield from _same_id_problems(document, sites)
    yield from check_state_config(document, top, multiple_sites=len(sites) > 1)
    yield from _base_url_problems(document, top, local=local)
    yield from _profile_problems(document, top, multiple_sites=len(sites) > 1)


def get_parts(node: YamlNode, name: str) -> Mapping[str, YamlNode]:
    """Return the values of the mapping under a key; none if there is no mapping."""
    part = node.part(name)
    return (part.parts or {}) if part else {}


def _profile_problems(document: YamlDocument, top: YamlNode, *, multiple_sites: bool) -> Iterator[Problem]:
    node = top.part("profile")
    if node is not None and multiple_sites and "{site}" not in str(node.value):
        yield Problem(
            document.at(node), "each site needs its own profile; use {site}, for example profiles/{site}.yaml"
        )


def _site_problems(document: YamlDocument, name: str, site: YamlNode, *, local: bool) -> Iterator[Problem]:
    if not local:
        if site.part("site_id") is None:
            yield Problem(document.at(site), f"missing site_id in sites.{name}: it is {SITE_ID_PLACE}")
        yield from _header_value_problems(document, site.part("site_id"))
    auth = site.part("auth")
    if auth is not None and auth.parts is not None:
        yield from _auth_problems(document, auth, auth.parts)


def _same_id_problems(document: YamlDocument, sites: Mapping[str, YamlNode]) -> Iterator[Problem]:
    """Yield a problem for a site with the id of an earlier one: their states would contradict each other."""
    first: dict[str, str] = {}
    for name, site in sites.items():
        node = site.part("site_id")
        if node is None or not isinstance(node.value, str):
            continue
        other = first.setdefault(node.value.casefold(), name)
        if other != name:
            yield Problem(document.at(node), f"sites.{name} has the same site_id as sites.{other}; remove one of them")


def _auth_problems(document: YamlDocument, auth: YamlNode, parts: Mapping[str, YamlNode]) -> Iterator[Problem]:
    app = [key for key in APP_KEYS if key in parts]
    if "api_key" in parts and app:
        yield Problem(document.at(auth), f"auth must be an api_key or an app, not both: remove {', '.join(app)}")
    elif "api_key" not in parts and len(app) < len(APP_KEYS):
        missing = [key for key in APP_KEYS if key not in app]
        start = "auth requires api_key, or app_id, app_secret and instance_id"
        yield Problem(document.at(auth), f"{start}; missing: {', '.join(missing)}" if app else start)
    for key in _SECRET_KEYS:
        secret = auth.part(key)
        if secret and isinstance(secret.value, str) and not secret.hidden:
            message = f"{key} is in plain text; read secrets from the environment: {key}: ${{NAME}}"
            yield Problem(document.at(secret), message)


def _header_value_problems(document: YamlDocument, node: YamlNode | None) -> Iterator[Problem]:
    if node and isinstance(node.value, str) and not node.hidden and not is_header_value(node.value):
        yield Problem(document.at(node), f"site_id {NOT_A_HEADER_VALUE}")


def _base_url_problems(document: YamlDocument, top: YamlNode, *, local: bool) -> Iterator[Problem]:
    backend = top.part("backend")
    node = backend.part("base_url") if backend else None
    if node is None or not isinstance(node.value, str):
        return
    if local:
        yield Problem(document.at(node), "base_url is only allowed with type: wix")
        return
    if not is_secure_url(node.value):
        yield Problem(document.at(node), "base_url must be an https URL, or an http URL of this machine (127.0.0.1)")
