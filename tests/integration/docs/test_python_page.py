"""Every name on the page about the Python API exists."""

from __future__ import annotations

import inspect
import re
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest

import galleryctl
from galleryctl.engine.importing.run import Draft
from galleryctl.manifest.write.update import ManifestText
from galleryctl.model.outcome import Outcome
from galleryctl.plan.changes import Change, FieldChange

PAGE = (Path(__file__).parents[3] / "docs/reference/python.md").read_text(encoding="utf-8")
PROSE = re.sub(r"^```.*?^```$", "", PAGE, flags=re.MULTILINE | re.DOTALL)
CLASSES = [
    *(cls for cls in (getattr(galleryctl, name) for name in galleryctl.__all__) if inspect.isclass(cls)),
    Change, Draft, FieldChange, ManifestText, Outcome,
]  # fmt: skip


def known_names() -> set[str]:
    """Return the public names, and the attributes, arguments and enum values of the public classes."""
    names = {"os.environ", "KeyboardInterrupt", "CancelledError", *galleryctl.__all__}
    functions = [galleryctl.open_workspace]
    for cls in CLASSES:
        names |= {name for name in dir(cls) if not name.startswith("_")}
        names |= {field.name for field in fields(cls)} if is_dataclass(cls) else set()
        names |= {str(value) for value in getattr(cls, "__members__", {}).values()}
        functions += [function for name, function in inspect.getmembers(cls, inspect.isfunction) if name[0] != "_"]
    names |= {name for function in functions for name in inspect.signature(function).parameters}
    errors = (cls for cls in CLASSES if issubclass(cls, Exception))
    return names | {name for cls in errors for name in inspect.signature(cls.__init__).parameters}


@pytest.mark.parametrize("code", sorted(set(re.findall(r"`([a-z_.]+)(?:\([^`]*\))?`", PROSE, re.IGNORECASE))))
def test_a_name_on_the_page_exists(code: str) -> None:
    assert code in known_names() or code.partition(".")[0] == "galleryctl"
