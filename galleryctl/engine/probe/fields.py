"""Questions about fields: what is not taken, what is rewritten, what is cleared and what is answered."""

from __future__ import annotations

from collections.abc import Mapping

from galleryctl.engine.probe.conclusions import (
    FormRule,
    conclude_answers,
    conclude_clears,
    conclude_form,
    conclude_nested,
    describe_error,
    leaves,
    member_at,
    not_taken,
    unknown,
    with_member,
)
from galleryctl.engine.probe.gallery import probe_gallery_updates, text_html
from galleryctl.engine.probe.marks import renamed
from galleryctl.engine.probe.probed_site import ProbedSite, UndecidedError
from galleryctl.model.fields import Json
from galleryctl.model.probe import Conclusion
from galleryctl.wix.codec import as_object, as_size, as_string
from galleryctl.wix.errors import InvalidRequest

_IMAGE_ORDER = 16384.0
_LONG = 20_000
"""Characters of a long text."""
_CLEARED: Mapping[str, Json] = {"description": None, "title": "", "tags": {"values": []}}
_CLEARED_PATHS = ("description", "title", "tags.values")
_NESTED = (("link.url", "link.text"), ("image.focalPoint.x", "image.focalPoint.y"))
"""Members of one object: the one to send, and the one to leave out."""


def _image_item(site: ProbedSite, *, second: bool) -> dict[str, Json]:
    """Return an image item with all its fields, with one or the other value, which no rewriting is expected to change."""
    photo = as_object(as_object(as_object(site.photo.get("media")).get("image")).get("image"))
    name, low, high = ("second", 0.25, 0.75) if second else ("first", 0.5, 0.375)
    info: dict[str, Json] = {
        "id": as_string(site.photo.get("id")),
        "width": as_size(photo.get("width")) or 1,
        "height": as_size(photo.get("height")) or 1,
        "altText": f"{name} alternative",
    }
    image: dict[str, Json] = {
        "imageInfo": info,
        "focalPoint": {"x": low, "y": high},
        "quality": 80 if second else 90,
        "unsharpMasking": {"amount": low, "radius": high, "threshold": low},
    }
    return {
        "title": f"{name} title",
        "description": f"{name} description",
        "link": {"url": f"https://example.com/{name}", "text": f"{name} link"},
        "tags": {"values": [f"{name}-tag", "probe"]},
        "image": image,
        "sortOrder": _IMAGE_ORDER + (1024.0 if second else 0.0),
    }


async def probe_creates(site: ProbedSite) -> Conclusion:
    """Create an image with all its fields, and look for those that are not stored."""
    if not site.photo:
        raise UndecidedError("no uploaded file is READY")
    sent = _image_item(site, second=False)
    answered = await site.create_item(sent)
    stored = await site.read_item(answered)
    site.image = as_string(answered.get("id"))
    missing = [path for path, _ in leaves(sent) if member_at(stored, path) is None]
    if member_at(stored, "sortOrder") != sent["sortOrder"]:
        missing.append("sortOrder")
    count = sum(1 for _ in leaves(sent))
    result = f"not stored: {', '.join(missing)}" if missing else "all fields are stored"
    return Conclusion(result=result, evidence=f"{count} fields of an image sent, {count - len(missing)} stored")


async def probe_updates(site: ProbedSite) -> Conclusion:
    """Change all fields of an image, a text and the gallery, and look for those that keep their values."""
    ignored = [f"gallery.{path}" for path in await probe_gallery_updates(site, renamed(site.mark))]
    if site.image:
        write = await site.update_item(site.image, _image_item(site, second=True))
        site.ignored |= {*not_taken(write.before, write.sent, write.stored)}
    text = await site.update_item(site.text, {"text": {"html": text_html(site.mark, 11)}, **_basic_fields()})
    site.ignored |= {*not_taken(text.before, text.sent, text.stored)}
    ignored += [f"item.{path}" for path in sorted(site.ignored)]
    evidence = "an image, a text and the gallery" if site.image else "a text and the gallery"
    result = f"not taken: {', '.join(ignored)}" if ignored else "all fields are taken"
    return Conclusion(result=result, evidence=f"changed: {evidence}", switches={"ignore_writes": ignored})


def _basic_fields() -> dict[str, Json]:
    return {"title": "second text", "description": "description", "tags": {"values": ["text-tag"]}}


async def probe_form(site: ProbedSite, rule: FormRule) -> Conclusion:
    """Write the value of a rule to the first of its fields that takes updates, and read it."""
    path = next((path for path in rule.paths if site.can_try(path)), "")
    if not path:
        raise UndecidedError(f"the site does not take {' or '.join(rule.paths)}")
    write = await site.update_item(site.can_try(path), _patch(site, path, rule.sent))
    return conclude_form(rule, path, write)


def _patch(site: ProbedSite, path: str, value: Json) -> Mapping[str, Json]:
    """Return the patch that changes one value: the whole member that it is part of, as the API asks."""
    name = path.partition(".")[0]
    if name == path:
        return {path: value}
    return with_member({name: site.writable(site.can_try(path), name)}, path, value)


async def probe_clears(site: ProbedSite) -> Conclusion:
    """Clear three fields, each in another way."""
    id_ = site.image or site.text
    paths = [path for path in _CLEARED_PATHS if path not in site.ignored]
    if not id_ or not paths:
        raise UndecidedError("the site takes none of the fields to clear")
    full: dict[str, Json] = {"title": "title", "description": "description", "tags": {"values": ["tag"]}}
    names = [path.partition(".")[0] for path in paths]
    await site.update_item(id_, {name: full[name] for name in names})
    conclusion = conclude_clears(await site.update_item(id_, {name: _CLEARED[name] for name in names}), paths)
    site.clears_are_ignored = conclusion.switches.get("ignore_clears") is not False
    return conclusion


async def probe_nested(site: ProbedSite) -> Conclusion:
    """Send an object without one of its members."""
    if site.clears_are_ignored:
        raise UndecidedError("the site ignores clears, which looks like a merge")
    for changed, left_out in _NESTED:
        id_ = site.can_try(changed)
        if not id_ or not site.can_try(left_out) or member_at(site.items[id_], left_out) is None:
            continue
        patch = _patch(site, changed, "https://example.com/nested" if changed == "link.url" else 0.875)
        parent, _, member = left_out.rpartition(".")
        kept = {name: value for name, value in as_object(member_at(patch, parent)).items() if name != member}
        return conclude_nested(await site.update_item(id_, with_member(patch, parent, kept)), changed, left_out)
    raise UndecidedError("the site takes none of the objects to send in part")


async def probe_long_text(site: ProbedSite) -> Conclusion:
    """Write a long description."""
    id_ = site.can_try("description")
    if not id_:
        raise UndecidedError("the site does not take description")
    try:
        write = await site.update_item(id_, {"description": "a" * _LONG})
    except InvalidRequest as error:
        return Conclusion(result=f"a description of {_LONG:,} characters is rejected", evidence=describe_error(error))
    stored = as_string(write.stored.get("description"))
    evidence = f"{_LONG:,} characters sent, {len(stored):,} stored"
    if len(stored) == _LONG:
        return Conclusion(result=f"a description of {_LONG:,} characters is stored", evidence=evidence)
    if stored == write.before.get("description"):
        return unknown("the write was not taken", evidence)
    return Conclusion(result=f"a description is cut to {len(stored):,} characters", evidence=evidence)


async def probe_answers(site: ProbedSite) -> Conclusion:
    """Compare the responses to all updates so far with what was stored; this sends no request."""
    return conclude_answers(site.writes)
