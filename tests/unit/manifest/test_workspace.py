"""galleryctl.yaml: sites, secrets and invalid settings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from galleryctl.manifest.profile import resolve_item_order
from galleryctl.manifest.workspace import ApiKeyConfig, AppConfig, load_workspace
from galleryctl.model.desired import ItemOrder, Limits
from galleryctl.model.errors import InvalidInput
from galleryctl.model.secret import Secret

if TYPE_CHECKING:
    from tests.unit.manifest.conftest import ScratchWorkspace

ENVIRON = {"WIX_SITE_ID": "site-1", "WIX_API_KEY": "IST.secret-key", "SECRET": "app-secret: [x"}
# As the documentation shows it: variables without quotes in a flow mapping.
DOCUMENTED = """\
# galleryctl.yaml
galleryctl: 1
backend: {type: %s}
sites:
  main: {site_id: ${WIX_SITE_ID}, auth: {api_key: ${WIX_API_KEY}}}   # or app_id, app_secret, instance_id
galleries: galleries/*.yaml
state: .galleryctl/state.json
limits: {max_delete_percent: 20, max_requests_per_minute: 100, concurrency: 5}
"""
WIX = "galleryctl: 1\nbackend: {type: wix}\ngalleries: g/*.yaml\n"


def problems(scratch: ScratchWorkspace, text: str, environ: dict[str, str] | None = None) -> list[str]:
    scratch.write("galleryctl.yaml", text)
    try:
        scratch.config(ENVIRON if environ is None else environ)
    except InvalidInput as error:
        return [str(problem) for problem in error.problems]
    return []


def test_the_documented_workspace(scratch: ScratchWorkspace) -> None:
    scratch.write("galleryctl.yaml", DOCUMENTED % "wix")
    config = scratch.config(ENVIRON)
    assert config.backend.type == "wix"
    assert config.backend.base_url == "https://www.wixapis.com"
    site = config.sites["main"]
    assert site.site_id == "site-1"
    assert isinstance(site.auth, ApiKeyConfig)
    assert site.auth.api_key.reveal() == "IST.secret-key"
    assert config.manifest_patterns == ("galleries/*.yaml",)
    assert config.limits == Limits(max_delete_percent=20, max_requests_per_minute=100, concurrency=5)
    assert (config.state.location, config.media_folder) == (".galleryctl/state.json", "/galleryctl")
    assert resolve_item_order(config, "main") is ItemOrder.ASCENDING


def test_secrets_are_not_shown(scratch: ScratchWorkspace) -> None:
    scratch.write("galleryctl.yaml", DOCUMENTED % "wix")
    config = scratch.config(ENVIRON)
    assert "secret-key" not in f"{config} {config!r} {config.sites['main'].auth}"


def test_a_local_workspace_needs_no_variables_and_no_sites(scratch: ScratchWorkspace) -> None:
    assert problems(scratch, DOCUMENTED % "local", {}) == []
    assert scratch.config({}).sites["main"].auth is None
    assert problems(scratch, "galleryctl: 1\nbackend: {type: local}\ngalleries: [a.yaml, b/*.yaml]\n") == []
    assert list(scratch.config().sites) == ["main"]
    assert scratch.config().manifest_patterns == ("a.yaml", "b/*.yaml")


def test_an_app(scratch: ScratchWorkspace) -> None:
    auth = "{app_id: a, app_secret: '${SECRET}', instance_id: i}"
    assert problems(scratch, WIX + f"sites: {{main: {{site_id: s, auth: {auth}}}}}\nitem_order: descending\n") == []
    config = scratch.config(ENVIRON)
    app = config.sites["main"].auth
    assert isinstance(app, AppConfig)
    assert (app.app_id, app.instance_id, app.app_secret.reveal()) == ("a", "i", "app-secret: [x")
    assert config.item_order is ItemOrder.DESCENDING


def test_several_sites_with_state_and_order_of_their_own(scratch: ScratchWorkspace) -> None:
    sites = "sites:\n  a: {}\n  b: {item_order: descending}\n"
    text = f"galleryctl: 1\nbackend: {{type: local}}\ngalleries: g/*.yaml\n{sites}"
    assert problems(scratch, text) == [
        (
            "galleryctl.yaml:4:1: each site needs its own state; use {site} in state, for example "
            ".galleryctl/state-{site}.json"
        )
    ]
    assert problems(scratch, text + "state: .galleryctl/{site}.json\n") == []
    assert scratch.config().sites["b"].item_order is ItemOrder.DESCENDING
    assert problems(scratch, text + "state: {versions: 3}\n")[0].startswith("galleryctl.yaml:7:8: each site needs")


def test_state_elsewhere_and_sealed(scratch: ScratchWorkspace) -> None:
    assert problems(scratch, DOCUMENTED % "wix") == []
    assert (scratch.config(ENVIRON).state.passphrase, scratch.config(ENVIRON).state.versions) == (None, 10)
    setting = "state: {location: 's3://bucket/{site}.json', passphrase: ${SECRET}, versions: 3}\n"
    assert problems(scratch, WIX + AUTH.format("{api_key: '${WIX_API_KEY}'}") + setting) == []
    state = scratch.config(ENVIRON).state
    assert (state.location, state.versions) == ("s3://bucket/{site}.json", 3)
    assert state.passphrase is not None
    assert state.passphrase.reveal() == ENVIRON["SECRET"]
    assert state.former_passphrase is None
    assert "app-secret" not in repr(scratch.config(ENVIRON))
    setting = "state: {former_passphrase: ${SECRET}}\n"
    assert problems(scratch, WIX + AUTH.format("{api_key: '${WIX_API_KEY}'}") + setting) == []
    state = scratch.config(ENVIRON).state
    assert (state.passphrase, state.former_passphrase) == (None, Secret(ENVIRON["SECRET"]))
    assert "app-secret" not in repr(scratch.config(ENVIRON))


LOCATION = "state must be a path or an object URL: s3://BUCKET/KEY, gs://BUCKET/KEY, az://CONTAINER/KEY"
AUTH = "sites: {{main: {{site_id: s, auth: {}}}}}\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (DOCUMENTED % "wix", "5:19: the environment variable WIX_SITE_ID is not set"),
        (DOCUMENTED % "wix", "5:51: the environment variable WIX_API_KEY is not set"),
        (WIX, "1:1: missing sites: required unless the backend is {type: local}"),
        (WIX + "sites: {main: {}}\n", "4:15: missing auth in sites.main"),
        (
            WIX + AUTH.format("{api_key: IST.planted}"),
            "4:44: api_key is in plain text; read secrets from the environment: api_key: ${NAME}",
        ),
        (WIX + AUTH.format("{app_id: a}"), "4:34: auth requires api_key, or app_id, app_secret and instance_id; missing: app_secret, instance_id"),
        (WIX + AUTH.format("{}"), "4:34: auth requires api_key, or app_id, app_secret and instance_id"),
        (WIX + AUTH.format("{api_key: '${X}', app_id: a}"), "4:34: auth must be an api_key or an app, not both: remove app_id"),
        (WIX + "titel: x\n", "4:1: unknown key 'titel'"),
        (WIX + "gallerys: x\n", "4:1: unknown key 'gallerys'; did you mean 'galleries'?"),
        (WIX + "state: ../x.json\n", "4:8: state is outside the workspace; use a path inside it"),
        (WIX + "state: /x.json\n", "4:8: state is outside the workspace; use a path inside it"),
        (WIX + "state: s3://bucket\n", f"4:8: {LOCATION}"),
        (WIX + "state: s3://key:planted@bucket/key\n", f"4:8: {LOCATION}"),
        (WIX + "state: s3://bucket/key?sig=planted\n", f"4:8: {LOCATION}"),
        (WIX + "state: s3://bucket/a/../b\n", f"4:8: {LOCATION}"),
        (WIX + "state: {location: 'http://bucket/key'}\n", f"4:19: {LOCATION}"),
        (WIX + "state: {location: ../x}\n", "4:19: state is outside the workspace; use a path inside it"),
        (WIX + "state: {passphrase: planted}\n", "4:21: state.passphrase is in plain text; read secrets from the environment: passphrase: ${NAME}"),
        (WIX + "state: {former_passphrase: planted}\n", "4:28: state.former_passphrase is in plain text; read secrets from the environment: former_passphrase: ${NAME}"),
        (WIX + "state: {versions: 0}\n", "4:19: state.versions 0 is below 1"),
        (WIX + "state: {place: x}\n", "4:9: unknown key 'place'"),
        (WIX + "limits: {max_delete_percent: 300}\n", "4:30: limits.max_delete_percent 300 is above 100"),
        (WIX + "limits: {concurrency: 0}\n", "4:23: limits.concurrency 0 is below 1"),
        (WIX + "item_order: up\n", '4:13: item_order "up" is not one of ascending, descending'),
        (WIX + "media: {folder: x}\n", '4:17: media.folder "x" must begin with /'),
        ("galleryctl: 2\ngalleries: x\n", "1:13: galleryctl 2 is not supported; this version of galleryctl reads 1"),
        ("galleryctl: 1\n", "1:1: missing galleries"),
        (WIX.replace("wix", "wixx"), '2:17: backend.type "wixx" is not one of local, wix; did you mean \'wix\'?'),
        (WIX.replace("wix", "local, base_url: 'https://x'"), "2:34: base_url is only allowed with type: wix"),
        (WIX.replace("wix", "wix, base_url: 'http://example.com'"), "2:32: base_url must be an https URL, or an http URL of this machine (127.0.0.1)"),
        ("", "1:1: the file is empty"),
        ("- x\n", "1:1: the file must be a mapping"),
        (WIX + "sites: {'a b': {}}\n", '4:9: invalid key in sites "a b": use letters, digits, \'.\', \'_\' or \'-\', at most 100 characters, starting with a letter or digit'),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(scratch: ScratchWorkspace, text: str, expected: str) -> None:
    found = problems(scratch, text, {})
    assert f"galleryctl.yaml:{expected}" in found
    assert "planted" not in " ".join(found)


@pytest.mark.parametrize(
    "url", ["https://proxy.example/", "http://127.0.0.1:8080", "http://localhost:1", "http://[::1]:9"]
)
def test_the_api_may_be_elsewhere(scratch: ScratchWorkspace, url: str) -> None:
    text = WIX.replace("wix", f"wix, base_url: '{url}'") + AUTH.format("{api_key: '${WIX_API_KEY}'}")
    assert problems(scratch, text) == []
    assert scratch.config(ENVIRON).backend.base_url == url.rstrip("/")


def test_an_empty_passphrase_seals_nothing(scratch: ScratchWorkspace) -> None:
    found = problems(scratch, WIX + "state: {passphrase: '${EMPTY}'}\n", {"EMPTY": ""})
    assert "galleryctl.yaml:4:21: state.passphrase is empty" in found


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("{former_passphrase: '${EMPTY}'}", "4:28: state.former_passphrase is empty"),
        (
            "{passphrase: '${ONE}', former_passphrase: 'pl${TWO}'}",
            "4:50: state.former_passphrase must differ from state.passphrase; remove it, or change one of them",
        ),
    ],
)
def test_a_former_passphrase_is_another_one(scratch: ScratchWorkspace, setting: str, expected: str) -> None:
    environ = {"EMPTY": "", "ONE": "planted", "TWO": "anted"}
    found = problems(scratch, WIX + f"state: {setting}\n", environ)
    assert f"galleryctl.yaml:{expected}" in found
    assert "planted" not in " ".join(found)


def test_values_from_the_environment_are_not_repeated(scratch: ScratchWorkspace) -> None:
    text = WIX.replace("wix", "'${WIX_API_KEY}'") + "state: /${WIX_API_KEY}\nitem_order: ${WIX_API_KEY}\n"
    text += "media: {folder: '${WIX_API_KEY}'}\nlimits: {concurrency: '${WIX_API_KEY}'}\nmoved: [{from: '${SECRET}', to: b}]\n"
    found = " ".join(problems(scratch, text))
    assert found.count("galleryctl.yaml:") >= 5
    assert "secret" not in found


@pytest.mark.parametrize("key", ["planted\n", "planted\r\nX-Evil: 1", "plänted", "planted key", "planted\0"])
def test_a_key_that_no_header_can_carry_is_told_but_not_shown(scratch: ScratchWorkspace, key: str) -> None:
    text = WIX + AUTH.format("{api_key: '${KEY}'}").replace("site_id: s", "site_id: '${KEY}'")
    assert problems(scratch, text, {"KEY": key}) == [
        f"galleryctl.yaml:4:{column}: {name} contains a space, a line break or a non-ASCII character; check how it is set"
        for column, name in ((25, "site_id"), (51, "api_key"))
    ]


def test_a_folder_without_a_workspace(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="does not exist") as caught:
        load_workspace(tmp_path, {})
    assert "galleryctl init" in caught.value.do
