"""The manifest of an entry while its items are built."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from galleryctl.manifest.captions import reads_sidecars
from galleryctl.manifest.files.glob import SelectedFile, Selection
from galleryctl.manifest.files.tree import WorkspaceFiles
from galleryctl.manifest.photo_facts import FactsReader
from galleryctl.manifest.yaml.nodes import YamlDocument, YamlNode
from galleryctl.model.errors import Problem
from galleryctl.model.media import LocalFile
from galleryctl.model.position import SourcePosition
from galleryctl.model.privacy import LocationPolicy, Privacy


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestContext:
    """The manifest of an entry, and the settings that its items share."""

    document: YamlDocument
    gallery_key: str
    defaults: YamlNode | None
    ignore: frozenset[str]
    workspace_files: WorkspaceFiles
    read_document: Callable[[str], YamlDocument]
    """Reads a YAML file of the workspace and replaces its variables."""
    read_facts: FactsReader
    problems: list[Problem]
    """Collects the problems found."""
    warnings: list[Problem]
    """Collects what may be a mistake."""
    notes: list[Problem]
    """Collects what else to know, such as files that are skipped."""
    selections: dict[SourcePosition, Selection]
    """Collects what the `from` entries find, by their positions."""
    privacy: Privacy
    """The data that are removed from the files of the gallery when they are uploaded."""
    read_own_facts: FactsReader
    """Reads what a file says of itself, without its sidecars."""
    located: set[str]
    """Collects the files that hold a location, if nothing says what is to be done about it."""
    pinned: Mapping[str, SourcePosition]
    """The files that have an entry of their own: composed path -> position."""

    def facts_reader_of(self, entry: YamlNode) -> FactsReader:
        """Return the reader for an entry: `captions: file` leaves sidecars out."""
        return self.read_facts if reads_sidecars(entry) else self.read_own_facts

    def unselected_files(self, pattern: YamlNode) -> tuple[SelectedFile, ...]:
        """Return the files of an entry that `where` does not select, and that have no .xmp sidecar."""
        selection = self.selections.get(self.document.at(pattern))
        return selection.unselected if selection else ()

    def with_location(self, file: LocalFile) -> LocalFile:
        """Return the file, located if the copy says where it was made; collect it if no setting decides about that."""
        if self.privacy.gps not in (None, LocationPolicy.KEEP) or not self.read_own_facts(file.path).has_location:
            return file
        if self.privacy.gps is None:
            self.located.add(file.path)
        return replace(file, located=True)

    def add_problem(self, node: YamlNode, message: str) -> None:
        """Add a problem at a value's position, unless the value is unknown.

        For a value from the environment it is added once, without showing the value.
        """
        if self.document.is_unknown(node):
            return
        at = self.document.at(node)
        if not node.has_hidden_values():
            self.problems.append(Problem(at, message))
        elif all(problem.at != at for problem in self.problems):
            self.problems.append(Problem(at, "the value from the environment is not valid here"))
