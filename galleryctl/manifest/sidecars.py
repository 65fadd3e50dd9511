"""Sidecar files of an image: `photo.xmp`, and `photo.jpg.yaml` or `photo.yaml` with the item's fields."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from galleryctl.manifest.captions import Captions, UnreadableCaptionError, read_xmp_sidecar
from galleryctl.manifest.files.tree import WorkspaceFileError, WorkspaceFiles
from galleryctl.manifest.schema import schema_problems
from galleryctl.manifest.values import get_string
from galleryctl.manifest.yaml.nodes import YamlDocument
from galleryctl.model.errors import Problem
from galleryctl.model.position import SourcePosition


@dataclass(frozen=True, slots=True, kw_only=True)
class Sidecar:
    """The content of the sidecars of a file; empty without sidecars."""

    captions: Captions = field(default_factory=Captions)
    document: YamlDocument | None = None
    problems: tuple[Problem, ...] = ()

    @property
    def key(self) -> str:
        """The key in the YAML sidecar, else ""."""
        return (get_string(self.document.root, "key") or "") if self.document else ""


def load_sidecar(
    path: str, workspace_files: WorkspaceFiles, at: SourcePosition, read_document: Callable[[str], YamlDocument]
) -> Sidecar:
    """Return the sidecars of the file at `path`; problems with reading them are reported at `at`."""
    captions, document = Captions(), None
    problems: list[Problem] = []
    for name in _candidate_paths(path, (".xmp",)):
        if workspace_files.exists(name):
            try:
                with workspace_files.open(workspace_files.existing_path(name)) as packet:
                    captions = captions.with_fallback(read_xmp_sidecar(packet))
            except (UnreadableCaptionError, WorkspaceFileError) as error:
                problems.append(Problem(at, f"{name} cannot be read: {error}"))
    yaml_files = [name for name in _candidate_paths(path, (".yaml", ".yml")) if workspace_files.exists(name)]
    if len(yaml_files) > 1:
        problems.append(Problem(at, f"{path} has two sidecars, {yaml_files[0]} and {yaml_files[1]}; keep one"))
    for name in yaml_files[:1]:
        try:
            document = read_document(workspace_files.existing_path(name))
        except WorkspaceFileError as error:
            problems.append(Problem(at, f"{name} cannot be read: {error}"))
            continue
        problems += [*document.problems, *schema_problems(document, "gallery", "sidecar")]
    return Sidecar(captions=captions, document=document, problems=tuple(problems))


def _candidate_paths(path: str, suffixes: tuple[str, ...]) -> Iterator[str]:
    for suffix in suffixes:
        yield path + suffix
        yield PurePosixPath(path).with_suffix(suffix).as_posix()
