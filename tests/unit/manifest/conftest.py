"""Workspaces in a scratch folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image

from galleryctl.manifest.load import held_problems, load_manifests
from galleryctl.manifest.problems import sort_problems
from galleryctl.manifest.workspace import WorkspaceConfig, load_workspace
from galleryctl.model.desired import Desired, DesiredItem
from galleryctl.model.errors import InvalidInput

LOCAL = "galleryctl: 1\nbackend: {type: local}\ngalleries: galleries/*.yaml\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScratchWorkspace:
    """A workspace that a test fills with files."""

    root: Path

    def write(self, path: str, content: str | bytes) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return file

    def picture(self, path: str, *, color: str = "red", **options: object) -> Path:
        """Write a small image; `options` are passed to Pillow's `save`."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (4, 3), color).save(file, **options)  # type: ignore[arg-type]  # whatever the format takes
        return file

    def config(self, environ: Mapping[str, str] | None = None) -> WorkspaceConfig:
        return load_workspace(self.root, environ or {})

    def load(self, environ: Mapping[str, str] | None = None) -> Desired:
        """Return the desired state of the first site."""
        config = self.config(environ)
        return load_manifests(config, next(iter(config.sites)))

    def items(self, entries: str, *, head: str = "") -> tuple[DesiredItem, ...]:
        """Return the items of a gallery with these entries."""
        self.write("galleries/g.yaml", f"bind: {{create: true}}\n{head}items:\n{entries}")
        return self.load().galleries[0].items

    def problems(self, text: str | None = None, environ: Mapping[str, str] | None = None) -> list[str]:
        """Return the problems of the workspace, with `text` as its only manifest, those of held items included."""
        if text is not None:
            self.write("galleries/g.yaml", text)
        try:
            desired = self.load(environ)
        except InvalidInput as error:
            return [str(problem) for problem in error.problems]
        return [str(problem) for problem in sort_problems(held_problems(desired.galleries))]

    def item_problems(self, entries: str) -> list[str]:
        """Return the problems of a gallery with these entries, which begin on line 3."""
        return self.problems(f"bind: {{create: true}}\nitems:\n{entries}")

    def item_warnings(self, entries: str, environ: Mapping[str, str] | None = None) -> list[str]:
        """Return the warnings about a gallery with these entries, which begin on line 3."""
        self.write("galleries/g.yaml", f"bind: {{create: true}}\nitems:\n{entries}")
        return [str(warning) for warning in self.load(environ).warnings]


@pytest.fixture
def scratch(tmp_path: Path) -> ScratchWorkspace:
    """Return a local workspace without manifests."""
    made = ScratchWorkspace(root=tmp_path)
    made.write("galleryctl.yaml", LOCAL)
    return made
