"""Whether what is installed is complete."""

from __future__ import annotations

import platform
import re
import sys
from collections.abc import Iterator
from importlib import metadata

from galleryctl.model.checkup import Check, CheckStatus
from galleryctl.version import __version__

_PACKAGE = "galleryctl"
_MIN_PYTHON = (3, 11)


def check_installation(required_extras: frozenset[str] = frozenset()) -> Iterator[Check]:
    """Python, the package, and each of its extras; those that are `needed` fail when they are missing."""
    version = sys.version_info[:2]
    yield Check(
        name="python",
        status=CheckStatus.OK if version >= _MIN_PYTHON else CheckStatus.FAIL,
        finding=f"{platform.python_version()} on {platform.system()}",
        do="" if version >= _MIN_PYTHON else f"install Python {_MIN_PYTHON[0]}.{_MIN_PYTHON[1]} or newer",
    )
    try:
        about = metadata.metadata(_PACKAGE)
    except metadata.PackageNotFoundError:
        yield Check(
            name="package",
            status=CheckStatus.WARN,
            finding=f"galleryctl {__version__} is not installed; it runs from its sources",
            do="pip install galleryctl",
        )
        return
    yield _check_distributions("package", "", f"galleryctl {__version__}", required=True)
    for extra in about.get_all("Provides-Extra") or ():
        yield _check_distributions(f"extra {extra}", extra, "installed", required=extra in required_extras)


def _check_distributions(name: str, extra: str, found: str, *, required: bool) -> Check:
    """Whether everything that the package, or one of its extras, is made of is there."""
    missing = [part for part in _required_distributions(extra) if not _is_installed(part)]
    if not missing:
        return Check(name=name, status=CheckStatus.OK, finding=found)
    what = f"{_PACKAGE}[{extra}]" if extra else _PACKAGE
    return Check(
        name=name,
        status=CheckStatus.FAIL if required else CheckStatus.WARN,
        finding=f"not installed: {', '.join(missing)}",
        do=f"pip install '{what}'",
    )


def _required_distributions(extra: str) -> Iterator[str]:
    """The names of the distributions that are required, always or by one extra."""
    for requirement in metadata.requires(_PACKAGE) or ():
        of = re.search(r"""extra == ['"]([^'"]+)['"]""", requirement)
        name = re.match(r"[A-Za-z0-9._-]+", requirement)
        if name and (of[1] if of else "") == extra:
            yield name[0]


def _is_installed(name: str) -> bool:
    try:
        metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return False
    return True
