"""Files beside a picture that describe it: `photo.xmp`, and `photo.jpg.yaml` or `photo.yaml` with the item's fields."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from galleryctl.manifest.captions import Captions, UnreadableCaptionError, read_sidecar
from galleryctl.manifest.files import BadFileError, Tree
from galleryctl.manifest.nodes import Document
from galleryctl.manifest.schema import violations
from galleryctl.manifest.values import word
from galleryctl.model.errors import Problem
from galleryctl.model.position import SourcePosition


@dataclass(frozen=True, slots=True, kw_only=True)
class Sidecar:
    """What stands beside a file; empty where nothing does."""

    captions: Captions = field(default_factory=Captions)
    document: Document | None = None
    problems: tuple[Problem, ...] = ()

    @property
    def key(self) -> str:
        """The key that the YAML names, else ""."""
        return (word(self.document.root, "key") or "") if self.document else ""


def sidecar_of(path: str, tree: Tree, at: SourcePosition, read: Callable[[str], Document]) -> Sidecar:
    """What stands beside the file at `path`, its YAML by `read`; problems with an .xmp file are told at `at`."""
    captions, document = Captions(), None
    problems: list[Problem] = []
    for name in _names(path, (".xmp",)):
        if tree.exists(name):
            try:
                with tree.opened(tree.checked(name)) as packet:
                    captions = captions.over(read_sidecar(packet))
            except (UnreadableCaptionError, BadFileError) as error:
                problems.append(Problem(at, f"{name} cannot be read: {error}"))
    yamls = [name for name in _names(path, (".yaml", ".yml")) if tree.exists(name)]
    if len(yamls) > 1:
        problems.append(Problem(at, f"{path} has two sidecars, {yamls[0]} and {yamls[1]}; keep one"))
    for name in yamls[:1]:
        try:
            document = read(tree.checked(name))
        except BadFileError as error:
            problems.append(Problem(at, f"{name} cannot be read: {error}"))
            continue
        problems += [*document.problems, *violations(document, "gallery", "sidecar")]
    return Sidecar(captions=captions, document=document, problems=tuple(problems))


def _names(path: str, endings: tuple[str, ...]) -> Iterator[str]:
    for ending in endings:
        yield path + ending
        yield PurePosixPath(path).with_suffix(ending).as_posix()
