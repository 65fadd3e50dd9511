"""The URLs of videos on YouTube and Vimeo."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from galleryctl.model.media import VideoHost

_DOMAINS = {
    "youtube.com": VideoHost.YOUTUBE,
    "youtube-nocookie.com": VideoHost.YOUTUBE,
    "youtu.be": VideoHost.YOUTUBE,
    "vimeo.com": VideoHost.VIMEO,
}
_YOUTUBE_FOLDERS = ("embed", "shorts", "live", "v")


def video_host(url: str) -> VideoHost | None:
    """Return the host to which the URL's domain belongs, None for any other URL."""
    try:
        name = urlsplit(url).hostname or ""
    except ValueError:
        return None
    return next((host for domain, host in _DOMAINS.items() if f".{name}".endswith(f".{domain}")), None)


def video_id(url: str, host: VideoHost) -> str:
    """Return the host's id of the video, "" if the URL has none."""
    parsed = urlsplit(url)
    parts = [part for part in parsed.path.split("/") if part]
    if host is VideoHost.VIMEO:
        return next((part for part in parts if part.isdigit()), "")
    if (parsed.hostname or "").endswith("youtu.be"):
        return parts[0] if parts else ""
    if len(parts) > 1 and parts[0] in _YOUTUBE_FOLDERS:
        return parts[1]
    return parse_qs(parsed.query).get("v", [""])[0]
