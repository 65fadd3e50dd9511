"""galleryctl.yaml: the sites of a workspace, its manifests and its state."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from galleryctl.manifest.approvals import read_approvals
from galleryctl.manifest.files.symlinks import find_links_outside
from galleryctl.manifest.moved import read_moved
from galleryctl.manifest.ownership import read_removed
from galleryctl.manifest.problems import read_document, sort_problems
from galleryctl.manifest.schema import schema_problems
from galleryctl.manifest.schema_messages import suggestion
from galleryctl.manifest.state_config import PASSPHRASE_KEYS, StateConfig, check_state_config, parse_state_config
from galleryctl.manifest.values import get_string
from galleryctl.manifest.yaml.interpolate import replace_variables
from galleryctl.manifest.yaml.nodes import YamlDocument, YamlNode
from galleryctl.manifest.yaml.variables import looks_secret, masked_variable_names
from galleryctl.model.address import Address
from galleryctl.model.command import command_line
from galleryctl.model.desired import Approval, ItemOrder, Limits, Moved
from galleryctl.model.errors import GalleryctlError, InvalidInput, Problem
from galleryctl.model.position import SourcePosition
from galleryctl.model.secret import Secret

WORKSPACE_FILE = "galleryctl.yaml"
DEFAULT_SITE = "main"
_DEFAULT_MEDIA_FOLDER = "/galleryctl"
_DEFAULT_BASE_URL = "https://www.wixapis.com"
_SECRET_KEYS = ("api_key", "app_secret")
"""The secret parts of `auth`."""
_APP_KEYS = ("app_id", "app_secret", "instance_id")
_HEADER_VALUE = re.compile(r"[!-~]*")
_LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendConfig:
    """The API that requests are sent to; `base_url` has no trailing slash and is unused for `local`."""

    type: Literal["local", "wix"] = "wix"
    base_url: str = _DEFAULT_BASE_URL


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKeyConfig:
    """Authentication with an API key of the account."""

    api_key: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class AppConfig:
    """Authentication with an app's client credentials, for one of its instances."""

    app_id: str
    app_secret: Secret
    instance_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteConfig:
    """One site; `site_id` and `auth` are None only if the backend is local."""

    site_id: str | None = None
    auth: ApiKeyConfig | AppConfig | None = None
    item_order: ItemOrder | None = None
    """None: the order of the workspace."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceConfig:
    """The settings in galleryctl.yaml, with defaults."""

    root: Path
    backend: BackendConfig
    sites: Mapping[str, SiteConfig]
    manifest_patterns: tuple[str, ...]
    """Patterns of the manifests, relative to the root."""
    hidden_patterns: frozenset[str] = field(default_factory=frozenset, repr=False)
    """The patterns that came from the environment; messages do not show them."""
    state: StateConfig = field(default_factory=StateConfig)
    limits: Limits = field(default_factory=Limits)
    item_order: ItemOrder | None = None
    """None: that of the profile, or ascending."""
    profile: str | None = None
    """The path of the profiles; {site} is the name of a site."""
    media_folder: str = _DEFAULT_MEDIA_FOLDER
    moved: tuple[Moved, ...] = ()
    removed: Mapping[Address, SourcePosition] = field(default_factory=dict)
    """The galleries whose management ends, with the positions of their entries."""
    approvals: tuple[Approval, ...] = ()
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The values for `${NAME}` in manifests."""
    secrets: frozenset[str] = frozenset()
    """The names of the variables with the keys and passphrases of the workspace."""

    def is_secret(self, name: str) -> bool:
        """Return True if a variable must not be used in manifests, whose authors need not have access to secrets."""
        return name in self.secrets or looks_secret(name)

    def check_site(self, name: str) -> None:
        """Raise GalleryctlError, with the sites to choose from, if the workspace has no site with this name."""
        if name not in self.sites:
            what = f"unknown site {name!r}{suggestion(name, self.sites)}"
            raise GalleryctlError(what, where=self.root / WORKSPACE_FILE, do=f"use one of: {', '.join(self.sites)}")


def load_workspace(root: Path, environ: Mapping[str, str]) -> WorkspaceConfig:
    """Return the workspace in the folder `root`. Raises InvalidInput with all problems of its galleryctl.yaml."""
    if not (root / WORKSPACE_FILE).is_file():
        problem = Problem(None, f"{root / WORKSPACE_FILE} does not exist")
        raise InvalidInput(
            (problem,), do="change to a workspace, specify one with -C, or create one: " + command_line("init")
        )
    document = read_document(root, WORKSPACE_FILE)
    local = _is_local(document)
    secrets = _secret_variables(document)
    document = replace_variables(document, environ, lenient=frozenset({"sites"} if local else ()))
    problems = [*document.problems, *schema_problems(document, "workspace")]
    problems += _semantic_problems(document, local=local)
    moved = read_moved(document, gallery=None, problems=problems)
    removed = read_removed(document, gallery=None, problems=problems)
    approvals = read_approvals(document, problems)
    if problems or document.root is None:
        raise InvalidInput(sort_problems(problems))
    config = _build_config(root, document.root, environ)
    config = replace(config, moved=moved, removed=removed, approvals=approvals, secrets=secrets)
    locations = [location for location in map(config.state.location_for, config.sites) if "://" not in location]
    if links := sorted(set(find_links_outside(root, locations))):
        problems = [Problem(None, f"{path} points outside the workspace") for path in links]
        raise InvalidInput(tuple(problems), do="remove the link: galleryctl would write through it")
    return config


def _secret_variables(document: YamlDocument) -> frozenset[str]:
    """Return the names of the variables used for the secrets of all sites and of state."""
    top = document.root
    auths = [site.part("auth") for site in _get_parts(top, "sites").values()] if top else []
    values = [get_string(auth, key) for auth in auths for key in _SECRET_KEYS]
    values += [get_string(top.part("state"), key) for key in PASSPHRASE_KEYS] if top else []
    return frozenset(name for value in values if value for name in masked_variable_names(value))


def _is_local(document: YamlDocument) -> bool:
    return get_string(document.root.part("backend") if document.root else None, "type") == "local"


def _build_config(root: Path, top: YamlNode, environ: Mapping[str, str]) -> WorkspaceConfig:
    backend, limits, media = (_get_mapping(top, name) for name in ("backend", "limits", "media"))
    galleries, order = top.part("galleries"), get_string(top, "item_order")
    patterns = [] if galleries is None else list(string_values(galleries))
    sites = _get_parts(top, "sites")
    local = backend.get("type") == "local"
    url = str(backend.get("base_url") or _DEFAULT_BASE_URL).rstrip("/")
    return WorkspaceConfig(
        root=root,
        backend=BackendConfig(type="local" if local else "wix", base_url=url),
        sites={name: _parse_site(site, local=local) for name, site in sites.items()} or {DEFAULT_SITE: SiteConfig()},
        manifest_patterns=tuple(text for text, _ in patterns),
        hidden_patterns=frozenset(text for text, node in patterns if node.hidden),
        state=parse_state_config(top.part("state")),
        limits=Limits(**limits),  # type: ignore[arg-type]  # the schema has checked names and types
        item_order=ItemOrder(order) if order else None,
        profile=get_string(top, "profile"),
        media_folder=str(media.get("folder") or _DEFAULT_MEDIA_FOLDER),
        environ=environ,
    )


def _parse_site(site: YamlNode, *, local: bool) -> SiteConfig:
    """Return the settings of a site; for a local backend only the order, because its variables may be unset."""
    auth = {} if local else _get_mapping(site, "auth")
    order = get_string(site, "item_order")
    credentials: ApiKeyConfig | AppConfig | None = None
    if "api_key" in auth:
        credentials = ApiKeyConfig(api_key=Secret(str(auth["api_key"])))
    elif auth:
        app_id, secret, instance = (str(auth.get(name, "")) for name in _APP_KEYS)
        credentials = AppConfig(app_id=app_id, app_secret=Secret(secret), instance_id=instance)
    site_id = None if local else get_string(site, "site_id")
    return SiteConfig(site_id=site_id, auth=credentials, item_order=ItemOrder(order) if order else None)


def _get_parts(node: YamlNode, name: str) -> Mapping[str, YamlNode]:
    part = node.part(name)
    return (part.parts or {}) if part else {}


def _get_mapping(node: YamlNode, name: str) -> dict[str, object]:
    return {key: value.value for key, value in _get_parts(node, name).items()}


def string_values(node: YamlNode) -> Iterator[tuple[str, YamlNode]]:
    """Yield a string, or each string of a list, with its node."""
    for item in node.items if node.items is not None else (node,):
        if isinstance(item.value, str):
            yield item.value, item


def _semantic_problems(document: YamlDocument, *, local: bool) -> Iterator[Problem]:
    """Yield the problems that the schema cannot express."""
    top = document.root
    if top is None or top.parts is None:
        return
    sites = _get_parts(top, "sites")
    if not local and top.part("sites") is None:
        yield Problem(document.at(top), "missing sites: required unless the backend is {type: local}")
    for name, site in sites.items():
        yield from _site_problems(document, name, site, local=local)
    yield from check_state_config(document, top, multiple_sites=len(sites) > 1)
    yield from _base_url_problems(document, top, local=local)
    yield from _profile_problems(document, top, multiple_sites=len(sites) > 1)


def _profile_problems(document: YamlDocument, top: YamlNode, *, multiple_sites: bool) -> Iterator[Problem]:
    node = top.part("profile")
    if node is not None and node.hidden:
        yield Problem(document.at(node), "profile must not come from the environment; write the path of the file")
    elif node is not None and multiple_sites and "{site}" not in str(node.value):
        yield Problem(
            document.at(node), "each site needs its own profile; use {site}, for example profiles/{site}.yaml"
        )


def _site_problems(document: YamlDocument, name: str, site: YamlNode, *, local: bool) -> Iterator[Problem]:
    if not local:
        for key in ("site_id", "auth"):
            if site.part(key) is None:
                yield Problem(document.at(site), f"missing {key} in sites.{name}")
        yield from _header_value_problems(document, "site_id", site)
    auth = site.part("auth")
    if auth is not None and auth.parts is not None:
        yield from _auth_problems(document, auth, auth.parts)


def _auth_problems(document: YamlDocument, auth: YamlNode, parts: Mapping[str, YamlNode]) -> Iterator[Problem]:
    app = [key for key in _APP_KEYS if key in parts]
    if "api_key" in parts and app:
        yield Problem(document.at(auth), f"auth must be an api_key or an app, not both: remove {', '.join(app)}")
    elif "api_key" not in parts and len(app) < len(_APP_KEYS):
        missing = [key for key in _APP_KEYS if key not in app]
        start = "auth requires api_key, or app_id, app_secret and instance_id"
        yield Problem(document.at(auth), f"{start}; missing: {', '.join(missing)}" if app else start)
    yield from _header_value_problems(document, "api_key", auth)
    for key in _SECRET_KEYS:
        secret = auth.part(key)
        if secret and isinstance(secret.value, str) and not secret.hidden:
            message = f"{key} is in plain text; read secrets from the environment: {key}: ${{NAME}}"
            yield Problem(document.at(secret), message)
        elif secret and not secret.value:
            yield Problem(document.at(secret), f"{key} is empty")


def _header_value_problems(document: YamlDocument, key: str, entry: YamlNode) -> Iterator[Problem]:
    """Yield a problem for a value that is not valid in a header: the HTTP client's own error would show the secret."""
    part = entry.part(key)
    if part and isinstance(part.value, str) and not _HEADER_VALUE.fullmatch(part.value):
        message = f"{key} contains a space, a line break or a non-ASCII character; check how it is set"
        yield Problem(document.at(part), message)


def _base_url_problems(document: YamlDocument, top: YamlNode, *, local: bool) -> Iterator[Problem]:
    backend = top.part("backend")
    node = backend.part("base_url") if backend else None
    if node is None or not isinstance(node.value, str):
        return
    if local:
        yield Problem(document.at(node), "base_url is only allowed with type: wix")
        return
    try:
        url = urlsplit(node.value)
        host = url.hostname or ""
        secure = bool(host) and (url.scheme == "https" or (url.scheme == "http" and host in _LOOPBACK_HOSTS))
        valid = secure and not (url.query or url.fragment or url.username) and url.port != 0
    except ValueError:
        valid = False
    if not valid:
        yield Problem(document.at(node), "base_url must be an https URL, or an http URL of this machine (127.0.0.1)")
