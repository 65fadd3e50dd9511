"""The settings of one site in galleryctl.yaml, and their values for a run."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from galleryctl.manifest.settings import SETTING_ADVICE, Setting, invalid_setting
from galleryctl.model.credentials import ApiKeyCredentials, AppCredentials, SiteCredentials
from galleryctl.model.desired import ItemOrder
from galleryctl.model.errors import InvalidInput, Problem
from galleryctl.model.secret import Secret
from galleryctl.model.wix_places import API_KEY_PLACE, SITE_ID_PLACE

NOT_A_HEADER_VALUE = "contains a space, a line break or a non-ASCII character; check how it is set"
_HEADER_VALUE = re.compile(r"[!-~]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKeyConfig:
    """Authentication with an API key of the account."""

    api_key: Setting


@dataclass(frozen=True, slots=True, kw_only=True)
class AppConfig:
    """Authentication with an app's client credentials, for one of its instances."""

    app_id: Setting
    app_secret: Setting
    instance_id: Setting


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteConfig:
    """One site; `site_id` and `auth` are None if the backend is local. A command of the job can replace `auth`."""

    site_id: Setting | None = None
    auth: ApiKeyConfig | AppConfig | None = None
    item_order: ItemOrder | None = None
    """None: the order of the workspace."""


def is_header_value(text: str) -> bool:
    """Return True if a header can carry the text: the HTTP client's own error would show it."""
    return _HEADER_VALUE.fullmatch(text) is not None


def resolve_site_id(setting: Setting, environ: Mapping[str, str]) -> str:
    """Return the id of a site. Raises InvalidInput if its variable is not set, or is not valid."""
    return _header_value(setting, "site_id", environ)


def resolve_credentials(auth: ApiKeyConfig | AppConfig, environ: Mapping[str, str]) -> SiteCredentials:
    """Return the credentials of a site. Raises InvalidInput with all variables that are not set or not valid."""
    names = ("api_key",) if isinstance(auth, ApiKeyConfig) else ("app_id", "app_secret", "instance_id")
    values: dict[str, str] = {}
    problems: list[Problem] = []
    for name in names:
        try:
            values[name] = _header_value(getattr(auth, name), name, environ)
        except InvalidInput as error:
            problems += error.problems
    if problems:
        raise InvalidInput(tuple(problems), do=_advice(names[0]))
    if isinstance(auth, ApiKeyConfig):
        return ApiKeyCredentials(api_key=Secret(str(values["api_key"])))
    return AppCredentials(
        app_id=values["app_id"], app_secret=Secret(str(values["app_secret"])), instance_id=values["instance_id"]
    )


def _header_value(setting: Setting, name: str, environ: Mapping[str, str]) -> str:
    """Return the value of a setting. Raises InvalidInput, which does not show it, if it is empty or not valid."""
    try:
        value = setting.value(environ)
        if not value:
            raise invalid_setting(setting, f"{name} is empty")
        if name != "app_secret" and not is_header_value(value):
            raise invalid_setting(setting, f"{name} {NOT_A_HEADER_VALUE}")
    except InvalidInput as error:
        raise InvalidInput(error.problems, do=_advice(name)) from error
    return value


def _advice(name: str) -> str:
    """Return what to do about a setting without a valid value."""
    places = {"api_key": f"the key is in {API_KEY_PLACE}", "site_id": f"the site id is {SITE_ID_PLACE}"}
    return "\n".join(filter(None, (SETTING_ADVICE, places.get(name))))
