"""Entries of galleryctl.tolerated.yaml are removed with the comments above them; all other lines stay."""

from __future__ import annotations

import pytest

from galleryctl.manifest.write.tolerated import remove_tolerated
from galleryctl.manifest.yaml.parse import parse_yaml_text

DASHED = '  - address: g/{0}\n    field: title\n    value: x\n    until: "2026-01-01"\n    reason: r\n'
BELOW = "  -\n    address: g/{0}\n    field: title\n    value: x\n    reason: |\n      two\n\n      lines\n"
FLUSH = "- address: g/{0}\n  field: title\n  value: x # inside {0}\n"


@pytest.mark.parametrize("form", [DASHED, BELOW, FLUSH, f"  # above {{0}}\n{DASHED}", f"# above {{0}}\n{FLUSH}"])
@pytest.mark.parametrize("gone", ["", "a", "b", "c", "ac", "abc"])
@pytest.mark.parametrize("end", ["", "# the end\n", "\n\n# the end\n"])
def test_the_lines_of_an_entry_go_and_no_others(form: str, gone: str, end: str) -> None:
    text = "# head\ntolerated: # why\n" + "".join(map(form.format, "abc")) + end
    left = "".join(map(form.format, (key for key in "abc" if key not in gone)))
    expected = f"# head\ntolerated: {'# why' if left else '[] # why'}\n{left}{end}"
    assert remove_tolerated(text, [(f"g/{key}", "title") for key in gone], site="main") == expected


def test_other_sites_fields_and_forms() -> None:
    entry = "{address: g/a, field: title, site: stage}"
    text = f"tolerated: [{entry}, {{address: g/a, field: text}}]\r\n"
    assert remove_tolerated(text, [("g/a", "title")], site="main") == text
    root = parse_yaml_text(remove_tolerated(text, [("g/a", "title")], site="stage"), "t.yaml").root
    assert root is not None
    assert root.value == {"tolerated": [{"address": "g/a", "field": "text"}]}
    block = "tolerated:\r\n- address: g/a\r\n  field: title\r\n"
    assert remove_tolerated(block, [("g/a", "title")], site="main") == "tolerated: []\n"
