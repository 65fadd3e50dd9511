"""YAML sidecars of a file: `photo.jpg.yaml` or `photo.yaml` with the item's fields."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath

from galleryctl.manifest.files.tree import UnusableFileError, WorkspaceFileError, WorkspaceFiles
from galleryctl.manifest.schema import schema_problems
from galleryctl.manifest.values import get_string
from galleryctl.manifest.yaml.nodes import YamlDocument
from galleryctl.model.errors import Problem
from galleryctl.model.position import SourcePosition


@dataclass(frozen=True, slots=True, kw_only=True)
class Sidecar:
    """The content of the YAML sidecar of a file; empty without one."""

    document: YamlDocument | None = None
    problems: tuple[Problem, ...] = ()
    unusable: str = ""
    """Why it cannot be used now, such as a pointer of Git LFS; it holds the item."""

    @property
    def key(self) -> str:
        """The key in the YAML sidecar, else ""."""
        return (get_string(self.document.root, "key") or "") if self.document else ""


def load_sidecar(
    path: str, workspace_files: WorkspaceFiles, at: SourcePosition, read_document: Callable[[str], YamlDocument]
) -> Sidecar:
    """Return the YAML sidecar of the file at `path`; problems with reading it are reported at `at`."""
    document, unusable = None, ""
    problems: list[Problem] = []
    candidates = (
        candidate
        for suffix in (".yaml", ".yml")
        for candidate in (path + suffix, PurePosixPath(path).with_suffix(suffix).as_posix())
    )
    yaml_files = [name for name in candidates if workspace_files.exists(name) or workspace_files.placeholder(name)]
    if len(yaml_files) > 1:
        problems.append(Problem(at, f"{path} has two sidecars, {yaml_files[0]} and {yaml_files[1]}; keep one"))
    for name in yaml_files[:1]:
        try:
            normal = workspace_files.existing_path(name)
            workspace_files.check_pointer(normal)
            document = read_document(normal)
        except UnusableFileError as error:
            unusable = str(error)
            continue
        except WorkspaceFileError as error:
            problems.append(Problem(at, f"{name} cannot be read: {error}"))
            continue
        problems += [*document.problems, *schema_problems(document, "gallery", "sidecar")]
    return Sidecar(document=document, problems=tuple(problems), unusable=unusable)
