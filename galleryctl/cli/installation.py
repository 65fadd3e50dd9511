"""Checks of the installation: Python, the package and its extras."""

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
    """Check Python, the package and each of its extras; a missing extra fails if it is required, else it warns."""
    supported = sys.version_info[:2] >= _MIN_PYTHON
    yield Check(
        name="python",
        status=CheckStatus.OK if supported else CheckStatus.FAIL,
        finding=f"{platform.python_version()} on {platform.system()}",
        do="" if supported else f"install Python {_MIN_PYTHON[0]}.{_MIN_PYTHON[1]} or newer",
    )
    try:
        about = metadata.metadata(_PACKAGE)
    except metadata.PackageNotFoundError:
        yield Check(
            name="package",
            status=CheckStatus.WARN,
            finding=f"galleryctl {__version__} runs from source and is not installed",
            do="in the checkout of galleryctl: python -m pip install .",
        )
        return
    yield _check_distributions("package", "", f"galleryctl {__version__}", required=True)
    for extra in about.get_all("Provides-Extra") or ():
        yield _check_distributions(f"extra {extra}", extra, "installed", required=extra in required_extras)


def _check_distributions(name: str, extra: str, finding: str, *, required: bool) -> Check:
    """Check that every distribution that the package, or one of its extras, requires is installed."""
    missing = [part for part in _required_distributions(extra) if not _is_installed(part)]
    if not missing:
        return Check(name=name, status=CheckStatus.OK, finding=finding)
    target = f"'.[{extra}]'" if extra else "."
    return Check(
        name=name,
        status=CheckStatus.FAIL if required else CheckStatus.WARN,
        finding=f"not installed: {', '.join(missing)}",
        do=f"in the checkout of galleryctl: python -m pip install {target}",
    )


def _required_distributions(extra: str) -> Iterator[str]:
    """Yield the names of the distributions that the extra requires; those always required for an `extra` of ""."""
    for requirement in metadata.requires(_PACKAGE) or ():
        condition = re.search(r"""extra == ['"]([^'"]+)['"]""", requirement)
        name = re.match(r"[A-Za-z0-9._-]+", requirement)
        if name and (condition[1] if condition else "") == extra:
            yield name[0]


def _is_installed(name: str) -> bool:
    try:
        metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return False
    return True
