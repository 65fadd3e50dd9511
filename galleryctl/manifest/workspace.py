"""galleryctl.yaml: the sites of a workspace, and where its manifests and state are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from galleryctl.manifest.files.symlinks import find_links_outside
from galleryctl.manifest.moved import read_moved
from galleryctl.manifest.problems import read_document, sort_problems
from galleryctl.manifest.schema import schema_problems
from galleryctl.manifest.state_config import PASSPHRASE_KEYS, StateConfig, check_state_config, parse_state_config
from galleryctl.manifest.yaml.interpolate import replace_variables
from galleryctl.manifest.yaml.nodes import YamlDocument, YamlNode
from galleryctl.manifest.yaml.variables import looks_secret, masked_variable_names
from galleryctl.model.desired import ItemOrder, Limits, Moved
from galleryctl.model.errors import InvalidInput, Problem
from galleryctl.model.secret import Secret

WORKSPACE_FILE = "galleryctl.yaml"
DEFAULT_SITE = "main"
_DEFAULT_MEDIA_FOLDER = "/galleryctl"
_DEFAULT_BASE_URL = "https://www.wixapis.com"
_SECRET_KEYS = ("api_key", "app_secret")
"""Those of the parts of `auth` that nobody may see."""
_HEADER_VALUE = re.compile(r"[!-~]*")
"""What a header of a request can carry."""
_LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendConfig:
    """Where requests go; `base_url` has no slash at its end and means nothing for `local`."""

    type: Literal["local", "wix"] = "wix"
    base_url: str = _DEFAULT_BASE_URL


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKeyConfig:
    """An API key of the account."""

    api_key: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class AppConfig:
    """An app's client credentials for one of its instances."""

    app_id: str
    app_secret: Secret
    instance_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteConfig:
    """One site; both are None only where the backend is local."""

    site_id: str | None = None
    auth: ApiKeyConfig | AppConfig | None = None
    item_order: ItemOrder | None = None
    """None: as the workspace says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceConfig:
    """A workspace, as its galleryctl.yaml says, complete with defaults."""

    root: Path
    backend: BackendConfig
    sites: Mapping[str, SiteConfig]
    manifest_patterns: tuple[str, ...]
    """Patterns of the manifests, relative to the root."""
    hidden_patterns: frozenset[str] = field(default_factory=frozenset, repr=False)
    """Those of the patterns that came from the environment: no message shows them."""
    state: StateConfig = field(default_factory=StateConfig)
    """`{site}` in its location stands for the name of the site."""
    limits: Limits = field(default_factory=Limits)
    item_order: ItemOrder = ItemOrder.ASCENDING
    media_folder: str = _DEFAULT_MEDIA_FOLDER
    moved: tuple[Moved, ...] = ()
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What `${NAME}` in manifests is replaced from."""
    secrets: frozenset[str] = frozenset()
    """The names of the variables that hold the keys and passphrases of the workspace."""

    def is_secret(self, name: str) -> bool:
        """Whether no gallery may show what that variable holds: whoever writes galleries need not know it."""
        return name in self.secrets or looks_secret(name)


def load_workspace(root: Path, environ: Mapping[str, str]) -> WorkspaceConfig:
    """The workspace in the folder `root`. Raises InvalidInput with all the problems of its galleryctl.yaml."""
    if not (root / WORKSPACE_FILE).is_file():
        problem = Problem(None, f"{root / WORKSPACE_FILE} does not exist")
        raise InvalidInput((problem,), do="go to a workspace, give it with -C, or make one: galleryctl init")
    document = read_document(root, WORKSPACE_FILE)
    local = _is_local(document)
    secrets = _secret_variables(document)
    document = replace_variables(document, environ, lenient=frozenset({"sites"} if local else ()))
    problems = [*document.problems, *schema_problems(document, "workspace")]
    problems += _semantic_problems(document, local=local)
    moved = read_moved(document, gallery=None, problems=problems)
    if problems or document.root is None:
        raise InvalidInput(sort_problems(problems))
    config = replace(_build_config(root, document.root, moved, environ), secrets=secrets)
    if out := sorted(set(_find_links_outside(config))):
        problems = [Problem(None, f"{path} leads out of the workspace") for path in out]
        raise InvalidInput(tuple(problems), do="remove the link: galleryctl would write there")
    return config


def _find_links_outside(config: WorkspaceConfig) -> Iterator[Path]:
    locations = map(config.state.location_for, config.sites)
    yield from find_links_outside(config.root, (location for location in locations if "://" not in location))


def _secret_variables(document: YamlDocument) -> frozenset[str]:
    """The variables that stand where a secret belongs, of every site."""
    top = document.root
    sites, state = (top.part("sites"), top.part("state")) if top else (None, None)
    auths = [site.part("auth") for site in ((sites.parts or {}).values() if sites else ())]
    found = [auth.part(name) for auth in auths if auth for name in _SECRET_KEYS]
    found += [state.part(name) for name in PASSPHRASE_KEYS] if state else []
    values = [node.value for node in found if node and isinstance(node.value, str)]
    return frozenset(name for value in values for name in masked_variable_names(value))


def _is_local(document: YamlDocument) -> bool:
    backend = document.root.part("backend") if document.root else None
    kind = backend.part("type") if backend else None
    return kind is not None and kind.value == "local"


def _build_config(root: Path, top: YamlNode, moved: tuple[Moved, ...], environ: Mapping[str, str]) -> WorkspaceConfig:
    backend, limits, media = (_get_mapping(top, name) for name in ("backend", "limits", "media"))
    patterns = top.part("galleries")
    url = backend.get("base_url")
    return WorkspaceConfig(
        root=root,
        backend=BackendConfig(
            type="local" if backend.get("type") == "local" else "wix",
            base_url=str(url or _DEFAULT_BASE_URL).rstrip("/"),
        ),
        sites=_parse_sites(top.part("sites"), local=backend.get("type") == "local"),
        manifest_patterns=() if patterns is None else tuple(text for text, _ in string_values(patterns)),
        hidden_patterns=frozenset(text for text, node in string_values(patterns) if node.hidden)
        if patterns
        else frozenset(),
        state=parse_state_config(top.part("state")),
        limits=Limits(**limits),  # type: ignore[arg-type]  # the schema has checked names and types
        item_order=ItemOrder(str(_get_value(top, "item_order") or "ascending")),
        media_folder=str(media.get("folder") or _DEFAULT_MEDIA_FOLDER),
        moved=moved,
        environ=environ,
    )


def _parse_sites(node: YamlNode | None, *, local: bool) -> Mapping[str, SiteConfig]:
    if node is None or not node.parts:
        return {DEFAULT_SITE: SiteConfig()}
    return {name: _parse_site(site, local=local) for name, site in node.parts.items()}


def _parse_site(site: YamlNode, *, local: bool) -> SiteConfig:
    """The site; of a local one only the order, since its variables may not be set."""
    auth = {} if local else _get_mapping(site, "auth")
    order = _get_value(site, "item_order")
    known: ApiKeyConfig | AppConfig | None = None
    if "api_key" in auth:
        known = ApiKeyConfig(api_key=Secret(str(auth["api_key"])))
    elif auth:
        app_id, secret, instance = (str(auth.get(name, "")) for name in ("app_id", "app_secret", "instance_id"))
        known = AppConfig(app_id=app_id, app_secret=Secret(secret), instance_id=instance)
    site_id = None if local else _get_value(site, "site_id")
    return SiteConfig(
        site_id=None if site_id is None else str(site_id),
        auth=known,
        item_order=None if order is None else ItemOrder(str(order)),
    )


def _get_value(node: YamlNode, name: str) -> object:
    part = node.part(name)
    return None if part is None else part.value


def _get_mapping(node: YamlNode, name: str) -> dict[str, object]:
    part = node.part(name)
    return {} if part is None else {key: value.value for key, value in (part.parts or {}).items()}


def string_values(node: YamlNode) -> Iterator[tuple[str, YamlNode]]:
    """A text, or each text of a list, with its place."""
    for item in node.items if node.items is not None else (node,):
        if isinstance(item.value, str):
            yield item.value, item


def _semantic_problems(document: YamlDocument, *, local: bool) -> Iterator[Problem]:
    """What the schema cannot say."""
    top = document.root
    if top is None or top.parts is None:
        return
    sites = top.part("sites")
    names = list((sites.parts or {}) if sites else ())
    if not local and sites is None:
        yield Problem(document.at(top), "sites is missing; only backend: {type: local} does without")
    for name in names if sites else ():
        yield from _site_problems(document, name, (sites.parts or {})[name], local=local) if sites else ()
    yield from check_state_config(document, top, multiple_sites=len(names) > 1)
    yield from _base_url_problems(document, top, local=local)


def _site_problems(document: YamlDocument, name: str, site: YamlNode, *, local: bool) -> Iterator[Problem]:
    if not local:
        for key in ("site_id", "auth"):
            if site.part(key) is None:
                yield Problem(document.at(site), f"{key} is missing in sites.{name}")
        yield from _header_value_problems(document, "site_id", site)
    auth = site.part("auth")
    if auth is not None and auth.parts is not None:
        yield from _auth_problems(document, auth, auth.parts)


def _auth_problems(document: YamlDocument, auth: YamlNode, parts: Mapping[str, YamlNode]) -> Iterator[Problem]:
    app = [key for key in ("app_id", "app_secret", "instance_id") if key in parts]
    if "api_key" in parts and app:
        yield Problem(document.at(auth), f"auth is an api_key or an app, not both: take away {', '.join(app)}")
    elif "api_key" not in parts and len(app) < 3:  # noqa: PLR2004 - the parts of an app
        missing = [key for key in ("app_id", "app_secret", "instance_id") if key not in app]
        start = "auth needs an api_key, or app_id, app_secret and instance_id"
        yield Problem(document.at(auth), f"{start}; missing: {', '.join(missing)}" if app else start)
    yield from _header_value_problems(document, "api_key", auth)
    for key in _SECRET_KEYS:
        secret = auth.part(key)
        if secret and isinstance(secret.value, str) and not secret.hidden:
            message = f"{key} is written out; secrets come from the environment only: {key}: ${{NAME}}"
            yield Problem(document.at(secret), message)
        elif secret and not secret.value:
            yield Problem(document.at(secret), f"{key} is empty")


def _header_value_problems(document: YamlDocument, key: str, entry: YamlNode) -> Iterator[Problem]:
    """What no header can carry: the client that cannot send it would say so, with the secret in its message."""
    part = entry.part(key)
    if part and isinstance(part.value, str) and not _HEADER_VALUE.fullmatch(part.value):
        message = f"{key} has a blank, a line end or a letter that none has; look at how it is set"
        yield Problem(document.at(part), message)


def _base_url_problems(document: YamlDocument, top: YamlNode, *, local: bool) -> Iterator[Problem]:
    backend = top.part("backend")
    node = backend.part("base_url") if backend else None
    if node is None or not isinstance(node.value, str):
        return
    if local:
        yield Problem(document.at(node), "base_url goes with type: wix; the embedded emulator has no address")
        return
    try:
        url = urlsplit(node.value)
        host = url.hostname or ""
        plain = url.scheme == "http" and host in _LOOPBACK_HOSTS
        fine = bool(host) and (url.scheme == "https" or plain) and not (url.query or url.fragment or url.username)
        fine = fine and (url.port is None or url.port > 0)
    except ValueError:
        fine = False
    if not fine:
        yield Problem(document.at(node), "base_url is an https URL, or http on this machine (127.0.0.1)")
