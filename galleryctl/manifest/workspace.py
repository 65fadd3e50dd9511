"""galleryctl.yaml: the sites of a workspace, its manifests and its state."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from galleryctl.manifest.api_url import resolve_api_url
from galleryctl.manifest.approvals import read_approvals
from galleryctl.manifest.files.symlinks import find_stray_links, is_outside
from galleryctl.manifest.moved import read_moved
from galleryctl.manifest.ownership import read_removed
from galleryctl.manifest.privacy import read_privacy
from galleryctl.manifest.problems import read_document, sort_problems
from galleryctl.manifest.schema import schema_problems
from galleryctl.manifest.schema_messages import suggestion
from galleryctl.manifest.settings import Setting, invalid_setting
from galleryctl.manifest.site_settings import ApiKeyConfig, AppConfig, SiteConfig, resolve_site_id
from galleryctl.manifest.state_config import StateConfig, parse_state_config
from galleryctl.manifest.values import get_string
from galleryctl.manifest.workspace_checks import APP_KEYS, get_parts, semantic_problems
from galleryctl.manifest.yaml.interpolate import replace_variables
from galleryctl.manifest.yaml.nodes import YamlDocument, YamlNode
from galleryctl.manifest.yaml.places import WORKSPACE_PLACES, AllowedVariables
from galleryctl.model.address import Address
from galleryctl.model.command import command_line
from galleryctl.model.desired import Approval, ItemOrder, Limits, Moved
from galleryctl.model.errors import GalleryctlError, InvalidInput, Problem
from galleryctl.model.lint import DEFAULT_SEVERITIES, LintRule, Severity
from galleryctl.model.position import SourcePosition
from galleryctl.model.privacy import NO_PRIVACY, Privacy
from galleryctl.model.variable_text import displayed
from galleryctl.model.wix_places import SITE_ID_PLACE

WORKSPACE_FILE = "galleryctl.yaml"
DEFAULT_SITE = "main"
_LINT_OFF = "off"
"""The settings of a rule that is not checked."""
_DEFAULT_MEDIA_FOLDER = "/galleryctl"


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendConfig:
    """The API that requests are sent to; `base_url` is that in galleryctl.yaml, which the job has to name as well."""

    type: Literal["local", "wix"] = "wix"
    base_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceConfig:
    """The settings in galleryctl.yaml, with defaults."""

    root: Path
    backend: BackendConfig
    sites: Mapping[str, SiteConfig]
    manifest_patterns: tuple[str, ...]
    """Patterns of the manifests, relative to the root."""
    state: StateConfig = field(default_factory=StateConfig)
    limits: Limits = field(default_factory=Limits)
    item_order: ItemOrder | None = None
    """None: that of the profile, or ascending."""
    profile: str | None = None
    """The path of the profiles; {site} is the name of a site."""
    media_folder_setting: Setting | None = None
    privacy: Privacy = NO_PRIVACY
    moved: tuple[Moved, ...] = ()
    removed: Mapping[Address, SourcePosition] = field(default_factory=dict)
    """The galleries whose management ends, with the positions of their entries."""
    approvals: tuple[Approval, ...] = ()
    lint: Mapping[LintRule, Severity] = field(default_factory=lambda: DEFAULT_SEVERITIES)
    """The severity of each rule of `lint` that is on."""
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The values for `${NAME}`."""
    allowed: AllowedVariables = field(default_factory=AllowedVariables)
    """The variables that each place takes."""

    @property
    def api_url(self) -> str:
        """Return the URL that requests are sent to. Raises GalleryctlError unless the job allows it."""
        return resolve_api_url(self.backend.base_url, self.environ, where=self.root / WORKSPACE_FILE)

    @property
    def media_folder(self) -> str:
        """Return the folder for uploads. Raises InvalidInput if its variable is not set, or not valid."""
        setting = self.media_folder_setting
        if setting is None:
            return _DEFAULT_MEDIA_FOLDER
        folder = setting.value(self.environ)
        if not folder.startswith("/"):
            raise invalid_setting(setting, f"media.folder {displayed(folder)} must begin with /")
        return folder

    def site_id(self, name: str) -> str:
        """Return the id of a site. Raises InvalidInput if its variable is not set, or names the id of another site."""
        setting = self.sites[name].site_id
        if setting is None:
            problem = Problem(None, f"{WORKSPACE_FILE}: missing site_id in sites.{name}")
            raise InvalidInput((problem,), do=f"add the id of the site: {SITE_ID_PLACE}")
        value = resolve_site_id(setting, self.environ)
        for other, its_id in self.known_site_ids().items():
            if other != name and its_id.casefold() == value.casefold():
                message = f"sites.{name} has the same site_id as sites.{other}; remove one of them"
                raise invalid_setting(setting, message)
        return value

    def known_site_ids(self) -> Mapping[str, str]:
        """Return the ids of the sites whose variables are set, by the names of the sites."""
        ids: dict[str, str] = {}
        for name, site in self.sites.items():
            if site.site_id is not None:
                with suppress(InvalidInput):
                    ids[name] = resolve_site_id(site.site_id, self.environ)
        return ids

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
    allowed = AllowedVariables.read(environ)
    # Only the places are checked here: a variable is replaced when a command uses the setting.
    document = replace_variables(document, WORKSPACE_PLACES, allowed, {}, keep_unset=True)
    problems = [*document.problems, *schema_problems(document, "workspace")]
    problems += semantic_problems(document, local=_is_local(document))
    moved = read_moved(document, gallery=None, problems=problems)
    removed = read_removed(document, gallery=None, problems=problems)
    approvals = read_approvals(document, problems)
    if problems or document.root is None:
        raise InvalidInput(sort_problems(problems))
    config = replace(_build_config(root, document, document.root), environ=environ, allowed=allowed)
    config = replace(config, moved=moved, removed=removed, approvals=approvals)
    check_links(root, [] if config.state.uses_variables else [config.state.location_for(site) for site in config.sites])
    return config


def check_links(root: Path, locations: Iterable[str]) -> None:
    """Raise InvalidInput if a link in galleryctl's folder, or beside one of these states, points elsewhere."""
    files = [location for location in locations if "://" not in location]
    if links := sorted(set(find_stray_links(root, files))):
        problems = [
            Problem(None, f"{path} points outside {'the workspace' if is_outside(root, path) else 'its folder'}")
            for path in links
        ]
        raise InvalidInput(tuple(problems), do="remove the link: galleryctl would write through it")


def _is_local(document: YamlDocument) -> bool:
    return get_string(document.root.part("backend") if document.root else None, "type") == "local"


def _build_config(root: Path, document: YamlDocument, top: YamlNode) -> WorkspaceConfig:
    backend, limits = _get_mapping(top, "backend"), _get_mapping(top, "limits")
    galleries, order, media = top.part("galleries"), get_string(top, "item_order"), top.part("media")
    sites = get_parts(top, "sites")
    local = backend.get("type") == "local"
    url = get_string(top.part("backend"), "base_url")
    return WorkspaceConfig(
        root=root,
        backend=BackendConfig(type="local" if local else "wix", base_url=None if url is None else url.rstrip("/")),
        sites={name: _parse_site(document, site, local=local) for name, site in sites.items()}
        or {DEFAULT_SITE: SiteConfig()},
        manifest_patterns=() if galleries is None else tuple(string_values(galleries)),
        state=parse_state_config(document, top.part("state")),
        limits=Limits(**limits),  # type: ignore[arg-type]  # the schema has checked names and types
        item_order=ItemOrder(order) if order else None,
        profile=get_string(top, "profile"),
        media_folder_setting=Setting.read(document, media.part("folder")) if media else None,
        lint=_severities(_get_mapping(top, "lint")),
        privacy=read_privacy(top.part("privacy")),
    )


def _severities(settings: Mapping[str, object]) -> Mapping[LintRule, Severity]:
    """Return the severity of each rule that is on; the schema has checked names and values."""
    changed = {LintRule(name): value for name, value in settings.items()}
    severities = {**DEFAULT_SEVERITIES, **changed}
    return {rule: Severity(str(value)) for rule, value in severities.items() if value != _LINT_OFF}


def _parse_site(document: YamlDocument, site: YamlNode, *, local: bool) -> SiteConfig:
    """Return the settings of a site; for a local backend only the order."""
    order = get_string(site, "item_order")
    item_order = ItemOrder(order) if order else None
    if local:
        return SiteConfig(item_order=item_order)
    parts = {name: Setting.read(document, node) for name, node in get_parts(site, "auth").items()}
    auth: ApiKeyConfig | AppConfig | None = None
    if key := parts.get("api_key"):
        auth = ApiKeyConfig(api_key=key)
    else:
        app_id, secret, instance_id = (parts.get(name) for name in APP_KEYS)
        if app_id and secret and instance_id:
            auth = AppConfig(app_id=app_id, app_secret=secret, instance_id=instance_id)
    return SiteConfig(site_id=Setting.read(document, site.part("site_id")), auth=auth, item_order=item_order)


def _get_mapping(node: YamlNode, name: str) -> dict[str, object]:
    return {key: value.value for key, value in get_parts(node, name).items()}


def manifest_names(pattern: str) -> tuple[str, ...]:
    """Return the patterns of manifests that a pattern under `galleries` stands for: `.yaml` also means `.yml`."""
    return (pattern, f"{pattern.removesuffix('.yaml')}.yml") if pattern.endswith(".yaml") else (pattern,)


def string_values(node: YamlNode) -> Iterator[str]:
    """Yield a string, or each string of a list."""
    for item in node.items if node.items is not None else (node,):
        if isinstance(item.value, str):
            yield item.value
