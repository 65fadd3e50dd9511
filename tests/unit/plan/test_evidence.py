"""Evidence that a live item shows the desired media."""

from __future__ import annotations

from dataclasses import replace

import pytest

from galleryctl.model.media import (
    HostedVideo,
    LocalFile,
    MediaFile,
    RemoteFile,
    VideoHost,
    WixFile,
    content_label,
)
from galleryctl.plan.identity.evidence import media_reference, same_content, video_evidence
from tests.unit.plan.memory_site import item, live_item, local_photo

PHOTO = local_photo("a", "c1", 9)
SHOWN = live_item("1", 1, WixFile(id="f", filename="a.jpg"))
FILE = MediaFile(id="f", display_name="a.jpg", ready=True, failed=False, size=9)


def shown(wanted: LocalFile | RemoteFile, *files: MediaFile, media: dict[str, str] | None = None) -> bool:
    return same_content(item("a", wanted), SHOWN, media or {}, {file.id: file for file in files})


def test_a_file_is_known_by_state_label_or_address() -> None:
    assert shown(PHOTO, media={PHOTO.source: "f"})
    assert shown(PHOTO, replace(FILE, size=0, labels=(content_label(PHOTO.source),)))
    url = RemoteFile(url="https://example.com/a.jpg")
    assert shown(url, replace(FILE, source_url=url.url))
    assert shown(url, replace(FILE, labels=(content_label(url.source),)))
    assert not shown(url, FILE)


def test_name_and_size_do_for_a_file_that_people_uploaded() -> None:
    assert shown(PHOTO, FILE)
    assert not shown(PHOTO, replace(FILE, size=10))
    assert not shown(local_photo("b", "c1", 9), FILE)
    assert shown(PHOTO, replace(FILE, display_name="renamed"))
    assert not shown(PHOTO)


def test_name_and_size_do_not_do_for_a_file_labelled_with_other_content() -> None:
    """A photo that was rotated in place keeps both."""
    assert not shown(local_photo("a", "c2", 9), replace(FILE, labels=(content_label(PHOTO.source),)))


@pytest.mark.parametrize(
    ("host", "one", "other"),
    [
        (VideoHost.YOUTUBE, "https://youtu.be/xyz?t=9", "https://www.youtube.com/watch?t=1&v=xyz"),
        (VideoHost.YOUTUBE, "https://www.youtube.com/embed/xyz", "https://youtube.com/shorts/xyz"),
        (VideoHost.VIMEO, "https://vimeo.com/378840916", "https://player.vimeo.com/video/378840916?h=1"),
    ],
)
def test_a_video_is_one_under_all_its_addresses(host: VideoHost, one: str, other: str) -> None:
    assert video_evidence(HostedVideo(host=host, url=one)) == video_evidence(HostedVideo(host=host, url=other))


def test_an_address_of_no_known_form_is_itself() -> None:
    marks = {video_evidence(HostedVideo(host=host, url="https://e.com/x")) for host in VideoHost}
    assert marks == {("video", host.value, "https://e.com/x") for host in VideoHost}


def test_what_is_there_has_a_name() -> None:
    assert media_reference(WixFile(id="f")) == "f"
    assert media_reference(HostedVideo(host=VideoHost.VIMEO, url="https://v")) == "https://v"
    assert media_reference(None) is None
