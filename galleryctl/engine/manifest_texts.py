"""The manifests of a site, and what they would declare with other texts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from galleryctl.manifest.files.tree import WorkspaceFiles
from galleryctl.manifest.load import Manifest, combine_manifests, find_manifests, read_manifest
from galleryctl.manifest.workspace import WorkspaceConfig
from galleryctl.model.address import Address
from galleryctl.model.desired import Desired
from galleryctl.model.errors import Problem


class ManifestTexts:
    """The manifests of one site. What is tolerated at the addresses `named` is left out."""

    def __init__(self, config: WorkspaceConfig, site: str, named: Collection[Address] = ()) -> None:
        self.config, self.site, self._named = config, site, named
        self._tree = WorkspaceFiles(config.root)
        problems: list[Problem] = []
        files = find_manifests(config, self._tree, problems)
        self.all = {file: read_manifest(config, file, self._tree, site=site) for file in files}
        self.desired = self._combine(self.all.values(), problems)
        self._latest: dict[str, tuple[str, Manifest]] = {}

    def reread(self, file: str) -> Callable[[str], Manifest]:
        """Return a function that reads the manifest with another text; the latest result of each file is kept."""

        def read(text: str) -> Manifest:
            if file not in self._latest or self._latest[file][0] != text:
                manifest = read_manifest(self.config, file, self._tree, site=self.site, text=text)
                self._latest[file] = (text, manifest)
            return self._latest[file][1]

        return read

    def with_texts(self, texts: Mapping[str, str | None]) -> Desired:
        """Return what the manifests declare with other texts, without the files whose text is None."""
        changed = {file: self.reread(file)(text) for file, text in texts.items() if text is not None}
        kept = {file: manifest for file, manifest in self.all.items() if file not in texts}
        return self._combine({**kept, **changed}.values())

    def _combine(self, manifests: Iterable[Manifest], problems: Sequence[Problem] = ()) -> Desired:
        desired = combine_manifests(self.config, tuple(manifests), self.site, problems)
        return replace(desired, tolerated=tuple(e for e in desired.tolerated if e.address not in self._named))
