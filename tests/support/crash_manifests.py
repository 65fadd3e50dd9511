"""Manifests before and after an apply with every kind of step, and the answers of a person who is asked in between.

Most values are such that a site can store them in another form.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from galleryctl.model.address import Address
from tests.support.e2e_harness import ServedWorkspace
from tests.support.person import Person

_ANSWER_LINES = re.compile(r"^(adopt|foreign): .*\n", re.MULTILINE)
_BIND_LINE = re.compile(r"^bind: .*$", re.MULTILINE)


@dataclass(slots=True)
class AnsweringPerson:
    """Answers in the manifests in `folder` what a plan asks."""

    folder: Path
    person: Person
    adopt: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    foreign: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def answer(self, refusals: Iterable[Mapping[str, str]]) -> None:
        """Write the answers to the refusals of a plan in JSON, each of which must be a question."""
        for refusal in refusals:
            address = Address.parse(refusal["address"])
            taken = self.adopt[address.gallery]
            answers = self.person.decide_guesses(address, refusal["why"], refusal["allow"], taken.values())
            if answer := self.person.decide(address, refusal["why"], taken.values()):
                answers[address] = answer
            assert answers, refusal
            for entry, answer in answers.items():
                if answer.ours is not None and entry.item is not None:
                    taken[entry.item] = answer.ours
                self.foreign[address.gallery] |= answer.theirs
            path = self.folder / f"{address.gallery}.yaml"
            text = _ANSWER_LINES.sub("", path.read_text())
            if (answer := answers.get(address)) and answer.ours is not None and address.item is None:
                text = _BIND_LINE.sub(f"bind: {{id: {answer.ours}}}", text)
            lines = f"adopt: {json.dumps(taken)}\nforeign: {json.dumps(sorted(self.foreign[address.gallery]))}\n"
            path.write_text(text.replace("items:\n", f"{lines}items:\n", 1))


def key_of(title: str) -> str:
    """Return the key of the item that shows the title, which a site may have rewritten."""
    *_, last = title.split()
    return f"t{int(last):03}" if last.isdecimal() else last


def text(n: int, title: str, tags: str = "tags: [Words, ' more ']") -> str:
    """Return a text item."""
    return f"{{key: t{n:03}, title: ' <b>{title}</b> {n}', text: '<p>{n}</p>', {tags}}}"


def photo(name: str, link: str = "text: ' Cafe\u0301 '") -> str:
    """Return an image."""
    shown = f"description: '<i>of</i> {name}', quality: 80, focal_point: {{x: 0.1, y: 0.3}}"
    return f"{{image: photos/{name}.jpg, title: {name}, link: {{url: 'https://Example.com', {link}}}, {shown}}}"


def write_first_manifests(served: ServedWorkspace, scale: int) -> None:
    """Write what is on the site before the apply."""
    for n in range(2 * scale):
        served.write_photo(f"p{n}", n)
    photos = [photo(f"p{n}") for n in range(2 * scale)]
    served.write_gallery([*(text(n, "First") for n in range(18 * scale)), *photos])
    served.write_gallery([text(n, "Farewell") for n in range(scale)], "farewell")


def write_second_manifests(served: ServedWorkspace, scale: int) -> None:
    """Items made, changed, moved, replaced, repointed and deleted; a gallery made, one renamed, one deleted.

    Some of what is changed is cleared: tags of every other changed text, and a part of the link of changed photos.
    """
    for n in range(scale):
        served.write_photo(f"p{n}", 100 + n)
        served.write_photo(f"portrait{n}", 300 + n)
    for n in range(3 * scale):
        served.write_photo(f"new{n}", 200 + n)
    kept = [
        text(n, "Second" if n % 2 else "First", *(["tags: []"] if n % 4 == 1 else []))
        for n in range(3 * scale, 17 * scale)
    ]
    replaced = [
        f"{{key: t{n:03}, title: Film {n}, video: 'https://vimeo.com/{n}'}}" for n in range(17 * scale, 18 * scale)
    ]
    made = [text(n, "New") for n in range(200, 200 + 12 * scale)]
    old = [photo(f"p{n}", *(["text: null"] if n < scale else [])) for n in range(2 * scale)]
    new = [photo(f"new{n}") for n in range(3 * scale)]
    served.write_gallery([*made[: 4 * scale], *new, *kept[::-1], *old, *made[4 * scale :], *replaced])
    manifest = served.root / "galleries/weddings.yaml"
    manifest.write_text(manifest.read_text().replace("name: Weddings\nprotect", "name: Weddings 2026\nprotect"))
    portraits = [photo(f"portrait{n}") for n in range(scale)]
    served.write_gallery([*portraits, *(text(n, "Portrait") for n in range(3 * scale))], "portraits")
    (served.root / "galleries/farewell.yaml").unlink()
