"""The table of the fields that a manifest may set, and when two of their values are equal.

The REST codec, the format of manifests, write-back and messages derive from the table `FIELDS`.

`Fields` maps a field's name to its canonical value. Desired fields are those that the manifest sets (others are left
alone); live fields are all that apply to the kind. Canonical: a missing or null string is "", missing tags are (), a
missing structure or number is None; tags are sorted, without duplicates and the vendor's own `_fileOrigin_` tags.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from galleryctl.model.media import Kind

Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]
"""Any JSON value, read-only. Lists are tuples in canonical values."""

Fields = Mapping[str, Json]

FieldType = Literal["string", "number", "tags", "structure"]
"""The type of a canonical value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of an item; without `kinds`, of a gallery."""

    name: str
    """The name in `Fields`, plans and `ignore`; `link.url` is the part `url` of the manifest key `link`."""
    kinds: tuple[Kind, ...]
    type: FieldType
    path: tuple[str, ...]
    """The path of members in the API's object."""
    members: tuple[str, ...] = ()
    """The members of a structure that manifests may set, () for all; other members are kept and never compared."""
    key: str = ""
    """The key in manifests; default: `name` up to its dot."""
    cleared: Json = None
    """The value that clears the field in the API; tags are cleared with an empty list."""
    sdk_undefined: bool = False
    """True if the vendor's SDK writes the text "undefined" for no value; it is read as ""."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", self.key or self.name.partition(".")[0])

    @property
    def is_part(self) -> bool:
        """True for a part of a mapping in manifests, such as `link.url`."""
        return "." in self.name

    @property
    def one_line(self) -> bool:
        """True for fields that manifests hold on one line: tags, and structures with a list of members."""
        return self.type == "tags" or bool(self.members)

    @property
    def is_source(self) -> bool:
        """True for the field whose manifest key is the item's kind, as `text` is for html."""
        return self.key in tuple(Kind)


_ALL, _IMAGE, _TEXT = tuple(Kind), (Kind.IMAGE,), (Kind.TEXT,)
FIELDS = (
    Field(name="name", kinds=(), type="string", path=("name",)),
    Field(name="title", kinds=_ALL, type="string", path=("title",)),
    Field(name="description", kinds=_ALL, type="string", path=("description",)),
    Field(name="link.url", kinds=_ALL, type="string", path=("link", "url")),
    Field(name="link.text", kinds=_ALL, type="string", path=("link", "text")),
    Field(name="tags", kinds=_ALL, type="tags", path=("tags",)),
    Field(name="alt_text", kinds=_IMAGE, type="string", path=("image", "imageInfo", "altText"),
          sdk_undefined=True),
    Field(name="focal_point", kinds=_IMAGE, type="structure", path=("image", "focalPoint"),
          members=("x", "y")),
    Field(name="quality", kinds=_IMAGE, type="number", path=("image", "quality")),
    Field(name="sharpen", kinds=_IMAGE, type="structure", path=("image", "unsharpMasking"),
          members=("amount", "radius", "threshold")),
    Field(name="exif", kinds=_IMAGE, type="structure", path=("image", "exif")),
    Field(name="html", kinds=_TEXT, type="string", path=("text", "html"), key="text", cleared=""),
    Field(name="css", kinds=_TEXT, type="structure", path=("text", "css")),
)  # fmt: skip
"""All fields, in the order of manifests and of output. The media of items is compared separately (see plan)."""

FIELD_BY_NAME: Mapping[str, Field] = {field.name: field for field in FIELDS}
FIELDS_BY_KIND: Mapping[Kind, tuple[Field, ...]] = {
    kind: tuple(field for field in FIELDS if kind in field.kinds) for kind in Kind
}
_STRINGS = frozenset(field.name for field in FIELDS if field.type == "string")
_TAGS = frozenset(field.name for field in FIELDS if field.type == "tags")

MEDIA_FIELD = "media"
"""The path of the media of an item, which is not in `FIELDS`."""


def manifest_name(path: str, kind: Kind | None) -> str:
    """Return a path as people know it from manifests: `text` for `html`, and the kind of the item for its media."""
    if path == MEDIA_FIELD and kind is not None:
        return kind.value
    return Kind.TEXT.value if path == "html" else path


def path_of_name(name: str) -> str:
    """Return the path that a name in manifests stands for, the inverse of `manifest_name`."""
    return {Kind.TEXT.value: "html", Kind.IMAGE.value: MEDIA_FIELD, Kind.VIDEO.value: MEDIA_FIELD}.get(name, name)


VENDOR_TAG_PREFIX = "_fileOrigin_"
"""The prefix of tags that the vendor's editor adds, as seen in live data: never compared, and kept by every write."""


def canonical(field: str, value: Json) -> Json:
    """Return the canonical form of a field's value (see the module's docstring)."""
    if field in _STRINGS:
        return "" if value is None else value
    if field in _TAGS:
        tags = value if isinstance(value, Sequence) and not isinstance(value, str) else ()
        return tuple(sorted({t for t in tags if isinstance(t, str) and not t.startswith(VENDOR_TAG_PREFIX)}))
    return value


def is_empty(value: Json) -> bool:
    """Return True for the values that clear a field: null, "", an empty list or mapping."""
    return value is None or (isinstance(value, Sequence | Mapping) and not value)


def values_equal(before: Json, after: Json) -> bool:
    """Return True if a site does not distinguish the values: numbers equal as 32-bit floats; null and absent."""
    if type(before) is str or isinstance(after, str):  # the most frequent case comes first
        return before == after
    if isinstance(before, bool) or isinstance(after, bool):
        return before is after
    if isinstance(before, int | float) and isinstance(after, int | float):
        return before == after or float32(before) == float32(after)
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        return all(values_equal(before.get(name), after.get(name)) for name in before.keys() | after.keys())
    if isinstance(before, Sequence) and isinstance(after, Sequence):
        return len(before) == len(after) and all(map(values_equal, before, after))
    return before is None and after is None


def float32(value: float) -> float:
    """Return the 32-bit float nearest to `value`, infinite beyond the range."""
    try:
        return float(struct.unpack("f", struct.pack("f", value))[0])
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")
