"""galleryctl.yaml: sites, secrets and invalid settings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from galleryctl.manifest.api_url import api_host
from galleryctl.manifest.profile import resolve_item_order
from galleryctl.manifest.site_settings import resolve_credentials
from galleryctl.manifest.workspace import load_workspace
from galleryctl.model.credentials import ApiKeyCredentials, AppCredentials
from galleryctl.model.desired import ItemOrder, Limits
from galleryctl.model.errors import GalleryctlError, InvalidInput
from galleryctl.model.secret import Secret
from galleryctl.model.variable_text import displayed

if TYPE_CHECKING:
    from tests.unit.manifest.conftest import ScratchWorkspace

ENVIRON = {
    "WIX_SITE_ID": "site-1",
    "WIX_API_KEY": "IST.secret-key",
    "WIX_APP_SECRET": "app-secret: [x",
    "STATE_PASSPHRASE": "app-secret: [x",
}
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
    assert config.api_url == "https://www.wixapis.com"
    assert config.site_id("main") == "site-1"
    auth = config.sites["main"].auth
    assert auth is not None
    assert isinstance(key := resolve_credentials(auth, ENVIRON), ApiKeyCredentials)
    assert key.api_key.reveal() == "IST.secret-key"
    assert config.manifest_patterns == ("galleries/*.yaml",)
    assert config.limits == Limits(max_delete_percent=20, max_requests_per_minute=100, concurrency=5)
    assert (config.state.location_for("main"), config.media_folder) == (".galleryctl/state.json", "/galleryctl")
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
    auth = "{app_id: a, app_secret: '${WIX_APP_SECRET}', instance_id: i}"
    assert problems(scratch, WIX + f"sites: {{main: {{site_id: s, auth: {auth}}}}}\nitem_order: descending\n") == []
    config = scratch.config(ENVIRON)
    setting = config.sites["main"].auth
    assert setting is not None
    assert isinstance(app := resolve_credentials(setting, ENVIRON), AppCredentials)
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
    state = scratch.config(ENVIRON).state
    assert (state.passphrases(ENVIRON), state.versions) == ((None, None), 10)
    setting = "state: {location: 's3://bucket/{site}.json', passphrase: ${STATE_PASSPHRASE}, versions: 3}\n"
    assert problems(scratch, WIX + AUTH.format("{api_key: '${WIX_API_KEY}'}") + setting) == []
    state = scratch.config(ENVIRON).state
    assert (state.location_for("main"), state.versions) == ("s3://bucket/main.json", 3)
    assert state.passphrases(ENVIRON) == (Secret(ENVIRON["STATE_PASSPHRASE"]), None)
    assert "app-secret" not in repr(scratch.config(ENVIRON))
    setting = "state: {former_passphrase: ${STATE_PASSPHRASE}}\n"
    assert problems(scratch, WIX + AUTH.format("{api_key: '${WIX_API_KEY}'}") + setting) == []
    state = scratch.config(ENVIRON).state
    assert state.passphrases(ENVIRON) == (None, Secret(ENVIRON["STATE_PASSPHRASE"]))
    assert "app-secret" not in repr(scratch.config(ENVIRON))


RESERVED = "state names a file that galleryctl uses for something else; use another name, such as state-{site}.json"
LOCATION = "state must be a path or an object URL: s3://BUCKET/KEY, gs://BUCKET/KEY, az://CONTAINER/KEY"
AUTH = "sites: {{main: {{site_id: s, auth: {}}}}}\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (WIX, "1:1: missing sites: required unless the backend is {type: local}"),
        (WIX + "sites: {main: {}}\n", "4:15: missing site_id in sites.main"),
        (WIX + "sites: {a: {site_id: ab}, b: {site_id: AB}}\n", "4:40: sites.b has the same site_id as sites.a; remove one of them"),
        (WIX + "sites: {a: {site_id: '${A_ID}'}, b: {site_id: '${A_ID}'}}\n", "4:47: sites.b has the same site_id as sites.a; remove one of them"),
        (WIX + "state: '.galleryctl/${WIX_SITE_ID}.json'\n", "4:8: the environment variable WIX_SITE_ID is not allowed here: it is for id, and state takes only listed variables"),
        (WIX + "state: 's3://${WIX_API_KEY}/x'\n", "4:8: the environment variable WIX_API_KEY is not allowed here: it is for api_key, and state takes only listed variables"),
        (WIX.replace("g/*.yaml", "'${GALLERYCTL_VAR_G}/*.yaml'"), "3:12: no variable is allowed here; write the value in place of ${GALLERYCTL_VAR_G}"),
        (WIX.replace("wix", "wix, base_url: 'https://${EVIL_SITE}'"), "2:32: no variable is allowed here; write the value in place of ${EVIL_SITE}"),
        (WIX + "profile: '${X}'\n", "4:10: no variable is allowed here; write the value in place of ${X}"),
        (
            WIX + AUTH.format("{api_key: IST.planted}"),
            "4:44: api_key is in plain text; read secrets from the environment: api_key: ${NAME}",
        ),
        (WIX + AUTH.format("{app_id: a}"), "4:34: auth requires api_key, or app_id, app_secret and instance_id; missing: app_secret, instance_id"),
        (WIX + AUTH.format("{}"), "4:34: auth requires api_key, or app_id, app_secret and instance_id"),
        (WIX + AUTH.format("{api_key: '${WIX_API_KEY}', app_id: a}"), "4:34: auth must be an api_key or an app, not both: remove app_id"),
        (WIX + "titel: x\n", "4:1: unknown key 'titel'"),
        (WIX + "gallerys: x\n", "4:1: unknown key 'gallerys'; did you mean 'galleries'?"),
        (WIX + "state: ../x.json\n", "4:8: state is outside the workspace; use a path inside it"),
        (WIX + "state: ./.\n", "4:8: state must be the path of a file, for example .galleryctl/state.json"),
        (WIX + "state: /x.json\n", "4:8: state is outside the workspace; use a path inside it"),
        (WIX + "state: .galleryctl/journal-main.jsonl\n", f"4:8: {RESERVED}"),
        (WIX + "state: ./.galleryctl//journal-{site}.jsonl\n", f"4:8: {RESERVED}"),
        (WIX + "state: .galleryctl/emulator/main/media/x\n", f"4:8: {RESERVED}"),
        (WIX + "state: .galleryctl/events-main.sqlite3\n", f"4:8: {RESERVED}"),
        (WIX + "state: .galleryctl/state.json.lock\n", f"4:8: {RESERVED}"),
        (WIX + "state: kept/State.JSON.Versions/1.json\n", f"4:8: {RESERVED}"),
        (WIX + "state: s3://bucket/state.json.history/1\n", f"4:8: {RESERVED}"),
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


LOOPBACK = ("http://127.0.0.1:8080", "http://localhost:1", "http://[::1]:9")


@pytest.mark.parametrize("url", ["https://proxy.example/", "https://proxy.example:8443/wix", *LOOPBACK])
def test_the_job_may_name_another_host(scratch: ScratchWorkspace, url: str) -> None:
    auth = AUTH.format("{api_key: '${WIX_API_KEY}'}")
    assert problems(scratch, WIX + auth) == []
    assert scratch.config({**ENVIRON, "GALLERYCTL_API_URL": url}).api_url == url.rstrip("/")
    assert problems(scratch, WIX.replace("wix", f"wix, base_url: '{url}'") + auth) == []
    assert scratch.config({**ENVIRON, "GALLERYCTL_API_URL": url}).api_url == url.rstrip("/")
    for environ in ({}, {"GALLERYCTL_API_URL": "https://elsewhere.example"}):
        with pytest.raises(GalleryctlError, match=r"backend\.base_url is not the address that the job names") as caught:
            _ = scratch.config(environ).api_url
        assert f"export GALLERYCTL_API_URL={url.rstrip('/')}" in caught.value.do


@pytest.mark.parametrize(
    "url", ["http://proxy.example", "https://planted@proxy.example", "https://proxy.example/?k=planted", "planted"]
)
def test_an_invalid_address_in_the_environment_is_told_but_not_shown(scratch: ScratchWorkspace, url: str) -> None:
    scratch.write("galleryctl.yaml", WIX + AUTH.format("{api_key: '${WIX_API_KEY}'}"))
    with pytest.raises(GalleryctlError) as caught:
        _ = scratch.config({**ENVIRON, "GALLERYCTL_API_URL": url}).api_url
    assert str(caught.value).startswith("GALLERYCTL_API_URL is not a valid address of the API")
    assert "planted" not in str(caught.value)


def test_hosts() -> None:
    assert {api_host(url) for url in LOOPBACK} == {"localhost"}
    assert api_host("https://Proxy.Example:443/x") == api_host("https://proxy.example.") == "proxy.example"
    assert api_host("https://proxy.example:8443") == "proxy.example:8443"


def test_only_the_variables_of_the_site_are_needed(scratch: ScratchWorkspace) -> None:
    text = """\
sites:
  a: {site_id: "${A_SITE}", auth: {api_key: "${WIX_A_API_KEY}"}}
  b: {site_id: "${B_SITE}", auth: {api_key: "${WIX_B_API_KEY}"}}
state: ".galleryctl/{site}.json"
"""
    environ = {"A_SITE": "one", "WIX_A_API_KEY": "key"}
    assert problems(scratch, WIX + text, environ) == []
    config = scratch.config(environ)
    assert (config.site_id("a"), displayed(config.site_id("a"))) == ("one", "${A_SITE}")
    with pytest.raises(InvalidInput, match=r"6:16: the environment variable B_SITE is not set"):
        config.site_id("b")
    with pytest.raises(InvalidInput, match=r"sites\.b has the same site_id as sites\.a; remove one of them"):
        scratch.config({**environ, "B_SITE": "one"}).site_id("b")


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("{passphrase: '${ONE_PASSPHRASE}'}", "4:21: the environment variable ONE_PASSPHRASE is not set"),
        ("{passphrase: '${EMPTY_PASSPHRASE}'}", "4:21: state.passphrase is empty"),
        ("{former_passphrase: '${EMPTY_PASSPHRASE}'}", "4:28: state.former_passphrase is empty"),
        (
            "{passphrase: '${TWO_PASSPHRASE}', former_passphrase: 'pl${THREE_PASSPHRASE}'}",
            "4:61: state.former_passphrase must differ from state.passphrase; remove it, or change one of them",
        ),
    ],
)
def test_an_unusable_passphrase_encrypts_nothing(scratch: ScratchWorkspace, setting: str, expected: str) -> None:
    environ = {"EMPTY_PASSPHRASE": "", "TWO_PASSPHRASE": "planted", "THREE_PASSPHRASE": "anted"}
    scratch.write("galleryctl.yaml", WIX + f"state: {setting}\nsites: {{main: {{site_id: s}}}}\n")
    with pytest.raises(InvalidInput) as caught:
        scratch.config(environ).state.passphrases(environ)
    assert caught.value.what == f"galleryctl.yaml:{expected}"


def test_a_location_with_a_listed_variable_is_checked_when_it_is_used(scratch: ScratchWorkspace) -> None:
    environ = {"GALLERYCTL_VARIABLES": "BUCKET:state", "BUCKET": "../planted"}
    assert problems(scratch, WIX + "state: '${BUCKET}/x.json'\nsites: {main: {site_id: s}}\n", environ) == []
    with pytest.raises(InvalidInput, match=r"4:8: state is outside the workspace") as caught:
        scratch.config(environ).state.location_for("main", environ)
    assert "planted" not in str(caught.value)
    environ["BUCKET"] = "s3://ours"
    assert scratch.config(environ).state.location_for("main", environ) == "s3://ours/x.json"


@pytest.mark.parametrize("site", ["a.lock", "a.history", "a.versions"])
def test_no_site_has_its_state_in_a_file_of_another_state(scratch: ScratchWorkspace, site: str) -> None:
    scratch.write(
        "galleryctl.yaml", WIX + f"state: kept/{{site}}\nsites: {{a: {{site_id: s}}, {site}: {{site_id: t}}}}\n"
    )
    with pytest.raises(InvalidInput) as caught:
        scratch.config({})
    assert caught.value.what == f"galleryctl.yaml:4:8: {RESERVED}"


def test_variables_are_taken_at_their_places_only(scratch: ScratchWorkspace) -> None:
    text = WIX.replace("wix", "'${WIX_API_KEY}'") + "state: /${WIX_API_KEY}\nitem_order: ${WIX_API_KEY}\n"
    text += "media: {folder: '${WIX_API_KEY}'}\nlimits: {concurrency: '${WIX_API_KEY}'}\n"
    text += "moved: [{from: '${WIX_APP_SECRET}', to: b}]\nremoved: ['${WIX_SITE_ID}']\n"
    found = " ".join(problems(scratch, text))
    assert found.count("galleryctl.yaml:") >= 7
    assert "secret" not in found


@pytest.mark.parametrize("key", ["planted\n", "planted\r\nX-Evil: 1", "plänted", "planted key", "planted\0", ""])
def test_a_key_that_no_header_can_carry_is_told_but_not_shown(scratch: ScratchWorkspace, key: str) -> None:
    scratch.write("galleryctl.yaml", WIX + "sites: {main: {site_id: '${X_SITE}', auth: {api_key: '${WIX_API_KEY}'}}}\n")
    config = scratch.config({"WIX_API_KEY": key, "X_SITE": key})
    auth = config.sites["main"].auth
    assert auth is not None
    why = "contains a space, a line break or a non-ASCII character; check how it is set" if key else "is empty"
    with pytest.raises(InvalidInput) as caught:
        config.site_id("main")
    assert caught.value.what == f"galleryctl.yaml:4:25: site_id {why}"
    with pytest.raises(InvalidInput) as caught:
        resolve_credentials(auth, config.environ)
    assert caught.value.what == f"galleryctl.yaml:4:54: api_key {why}"


def test_a_folder_without_a_workspace(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="does not exist") as caught:
        load_workspace(tmp_path, {})
    assert "galleryctl init" in caught.value.do
