"""`velo` prints code that shows the gallery, run under Node with stubs of the vendor's modules."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support import needs
from tests.support.cli_harness import CliHarness
from tests.support.reports import parse_report

ID = "2f0c1c2e-7d1b-4b8e-9a53-0d3f6a1e9b11"
STUBS = {
    "wix-web-module": 'export const Permissions = { Anyone: "anyone" };\n'
    "export const webMethod = (who, method) => method;\n",
    "wix-pro-gallery-backend": 'import { readFileSync } from "node:fs";\n'
    'const items = JSON.parse(readFileSync(new URL("./items.json", import.meta.url)));\n'
    "const calls = [];\n"
    "export const proGallery = { async listGalleryItems(id, { itemOffset, itemLimit }) {\n"
    "  globalThis.calls = [...(globalThis.calls ?? []), [id, itemOffset, itemLimit]];\n"
    "  return items.slice(itemOffset, itemOffset + itemLimit); } };\n",
}
RUN = """\
let ready;
const components = {};
globalThis.$w = (selector) => (components[selector] ??= {});
globalThis.$w.onReady = (callback) => { ready = callback; };
await import("./page.mjs");
await ready();
console.log(JSON.stringify({ components, calls: globalThis.calls }));
"""


def shown(folder: Path, out: Path, key: str, items: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the items that the generated code assigns to components, for a gallery with these items."""
    modules = folder / "node_modules"
    files = {f"{name}/index.mjs": text for name, text in STUBS.items()}
    files |= {f"{name}/package.json": '{"exports": "./index.mjs"}' for name in STUBS}
    exports = {f"./galleryctl-{key}.web": f"./galleryctl-{key}.web.mjs"}
    files["backend/package.json"] = json.dumps({"exports": exports})
    backend = (out / "backend" / f"galleryctl-{key}.web.js").read_text(encoding="utf-8")
    files[f"backend/galleryctl-{key}.web.mjs"] = backend
    files["wix-pro-gallery-backend/items.json"] = json.dumps(items)
    for name, text in files.items():
        (modules / name).parent.mkdir(parents=True, exist_ok=True)
        (modules / name).write_text(text, encoding="utf-8")
    page = (out / "pages" / f"{key}.js").read_text(encoding="utf-8")
    (folder / "page.mjs").write_text(page, encoding="utf-8")
    (folder / "run.mjs").write_text(RUN, encoding="utf-8")
    ran = subprocess.run([needs.node(), "run.mjs"], cwd=folder, capture_output=True, text=True, check=True)
    answer: dict[str, Any] = json.loads(ran.stdout)
    return answer


def check(folder: Path, code: str) -> None:
    """Node accepts the code as a module."""
    (folder / "check.mjs").write_text(code, encoding="utf-8")
    ran = subprocess.run(
        [needs.node(), "--check", "check.mjs"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr


def image(number: int, **more: object) -> dict[str, Any]:
    return {
        "_id": f"i{number}",
        "sortOrder": number,
        "type": "IMAGE",
        "title": f"Photo {number}",
        "description": "",
        "image": {"imageInfo": f"wix:image://v1/{number}.jpg/a.jpg#originWidth=4&originHeight=3"},
        **more,
    }


@pytest.fixture
def bound(studio: CliHarness) -> CliHarness:
    """A workspace with one gallery, bound by id."""
    studio.write_gallery(
        ["{key: film, video: https://vimeo.com/76979871}"], head=f"bind: {{id: {ID}}}\nname: Weddings\n"
    )
    return studio


def test_the_id_of_an_applied_gallery_comes_from_state(wedding: CliHarness, tmp_path: Path) -> None:
    wedding.apply()
    ran = wedding.run("velo", "weddings")
    assert ran.code == 0
    assert json.dumps(wedding.state()["galleries"]["weddings"]["id"]) in ran.out
    assert ran.out.startswith("// backend/galleryctl-weddings.web.js\n")
    assert "\n// pages/weddings.js\n" in ran.out
    assert '$w("#gallery").items' in ran.out
    check(tmp_path, ran.out)


def test_a_gallery_that_was_not_applied_has_no_id(wedding: CliHarness) -> None:
    ran = wedding.run("velo", "weddings")
    assert (ran.code, ran.out) == (1, "")
    assert "gallery weddings has no ID in state yet" in ran.err
    assert "apply first" in ran.err


def test_an_id_in_the_manifest_needs_no_state(bound: CliHarness) -> None:
    ran = bound.run("velo", "weddings")
    assert f'const GALLERY_ID = "{ID}";' in ran.out
    assert "A gallery created in the Editor shows changes without page code." in ran.err
    assert "made in the Editor" not in bound.run("velo", "weddings", "-q").err


def test_the_code_shows_every_page_in_order_without_texts_and_link_texts(bound: CliHarness, tmp_path: Path) -> None:
    assert bound.run("velo", "weddings", "--component", "#photos", "--out", str(tmp_path / "site")).code == 0
    items = [image(number) for number in range(250, 0, -1)]
    items[0]["link"] = {"url": "https://example.com", "text": "Book"}
    items.append({"_id": "t", "sortOrder": 0, "type": "TEXT", "text": {"html": "hi"}})
    items.append({"_id": "v", "sortOrder": 300, "type": "VIDEO", "video": {"videoInfo": "wix:video://v1/v#"}})
    answer = shown(tmp_path, tmp_path / "site", "weddings", items)
    assert answer["calls"] == [[ID, 0, 100], [ID, 100, 100], [ID, 200, 100]]
    got = answer["components"]["#photos"]["items"]
    assert [item["slug"] for item in got] == [*(f"i{number}" for number in range(1, 251)), "v"]
    assert got[0] == {
        "type": "image",
        "slug": "i1",
        "src": "wix:image://v1/1.jpg/a.jpg#originWidth=4&originHeight=3",
        "title": "Photo 1",
        "description": "",
    }
    assert got[249]["link"] == "https://example.com"
    assert (got[250]["type"], got[250]["src"]) == ("video", "wix:video://v1/v#")


def test_the_order_of_the_site_is_kept(bound: CliHarness, tmp_path: Path) -> None:
    bound.write(
        "galleryctl.yaml",
        "galleryctl: 1\nbackend: {type: local}\ngalleries: galleries/*.yaml\nitem_order: descending\n",
    )
    bound.run("velo", "weddings", "--out", str(tmp_path / "site"))
    answer = shown(tmp_path, tmp_path / "site", "weddings", [image(1), image(2)])
    assert [item["slug"] for item in answer["components"]["#gallery"]["items"]] == ["i2", "i1"]


def test_texts_link_texts_and_hosted_videos_are_warned_of(wedding: CliHarness) -> None:
    wedding.write_gallery(
        [
            "{key: words, text: hi}",
            "{image: photos/cake.jpg, link: {url: 'https://example.com', text: Book}}",
            "{key: film, video: https://vimeo.com/76979871}",
        ]
    )
    wedding.apply()
    err = wedding.run("velo", "weddings", "-q").err.splitlines()
    assert err == [
        "Warning: text items break the component and are left out: words.",
        "Warning: the component does not show link texts, so the code passes only the URL: cake.",
        "Warning: the component plays videos of the Media Manager only, not of YouTube or Vimeo: film.",
    ]


@pytest.mark.parametrize(
    "name",
    [
        '"; alert(1); //',
        "*/ alert(1) /*",
        "line\nbreak",
        "line\u2028break",
        "`${alert(1)}`",
        "</script><script>",
        "\\",
        "{key}",
        "ü 😀",
    ],
)
def test_a_name_cannot_break_out_of_the_code(bound: CliHarness, tmp_path: Path, name: str) -> None:
    quoted = json.dumps(name, ensure_ascii=False).replace("\u2028", "\\u2028").replace("${", "$${")
    head = f"bind: {{id: {ID}}}\nname: {quoted}\n"
    bound.write_gallery(["{key: film, video: https://vimeo.com/76979871}"], head=head)
    ran = bound.run("velo", "weddings")
    assert ran.code == 0, ran.err
    check(tmp_path, ran.out)
    assert ran.out.isascii()
    (line,) = [line for line in ran.out.splitlines() if "the items of the gallery" in line]
    assert line.startswith("// Written by `galleryctl velo weddings`: ")
    assert json.dumps(name) in line


@pytest.mark.parametrize("component", ["gallery", "#", "#1a", '#a"); alert("', "#a b", "#ü", ""])
def test_a_component_is_an_id(bound: CliHarness, component: str) -> None:
    ran = bound.run("velo", "weddings", f"--component={component}")
    assert (ran.code, ran.out) == (1, "")
    assert "as in '#gallery'" in ran.err


def test_an_unknown_gallery(bound: CliHarness) -> None:
    ran = bound.run("velo", "wedding")
    assert ran.code == 1
    assert "unknown gallery 'wedding': no manifest declares it" in ran.err
    assert "did you mean weddings?" in ran.err
    assert "choose one of: weddings" in bound.run("velo", "xyzzy").err


def test_files_are_written_again_but_not_over_those_of_others(bound: CliHarness, tmp_path: Path) -> None:
    out = tmp_path / "site"
    ran = bound.run("velo", "weddings", "--out", str(out))
    assert (ran.code, ran.out) == (0, "")
    backend, page = out / "backend/galleryctl-weddings.web.js", out / "pages/weddings.js"
    assert f"Wrote {backend} and {page}." in ran.err
    assert bound.run("velo", "weddings", "--component", "#other", "--out", str(out)).code == 0
    assert "#other" in page.read_text(encoding="utf-8")
    page.write_text("// mine\n", encoding="utf-8")
    before = backend.read_text(encoding="utf-8")
    bound.write_gallery(["{key: film, video: https://vimeo.com/1}"], head=f"bind: {{id: {ID}}}\nname: New\n")
    ran = bound.run("velo", "weddings", "--out", str(out))
    assert ran.code == 1
    assert f"{page}: nothing was written" in ran.err
    assert page.read_text(encoding="utf-8") == "// mine\n"
    assert backend.read_text(encoding="utf-8") == before


def test_a_file_where_the_folder_should_be(bound: CliHarness, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a file")
    ran = bound.run("velo", "weddings", "--out", str(tmp_path / "file"))
    assert ran.code == 1
    assert "is a file" in ran.err
    ran = bound.run("velo", "weddings", "--out", str(tmp_path / "file" / "below"))
    assert ran.code == 1
    assert "cannot write the file\n  Not a directory" in ran.err


def test_invalid_manifests_and_state(bound: CliHarness) -> None:
    bound.write(".galleryctl/state.json", "{")
    assert bound.run("velo", "weddings").code == 0
    bound.write_gallery(["{key: film, video: https://vimeo.com/76979871}"])
    ran = bound.run("velo", "weddings")
    assert ran.code == 1
    assert "state.json" in ran.err
    bound.write("galleries/weddings.yaml", "items: [\n")
    assert "galleries/weddings.yaml:1:8" in bound.run("velo", "weddings").err


def test_a_failure_is_json_when_json_was_asked_for(bound: CliHarness) -> None:
    ran = bound.run("velo", "weddings", "--format", "json")
    assert parse_report(ran.out)["what"] == "--format has no effect on `velo`."
