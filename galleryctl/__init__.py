"""Manage Wix Pro Galleries as YAML in git: validate, plan, apply, detect drift."""

from __future__ import annotations

from importlib import import_module as _import_module
from typing import TYPE_CHECKING

from galleryctl.version import __version__

if TYPE_CHECKING:
    from galleryctl.engine.importing.run import ImportResult
    from galleryctl.engine.progress import Progress
    from galleryctl.model.checkup import Validation
    from galleryctl.model.errors import (
        GalleryctlError,
        InvalidInput,
        LockedError,
        MatchError,
        Refused,
        StaleError,
        StateError,
        UnexpectedError,
    )
    from galleryctl.model.outcome import OutcomeStatus, Report
    from galleryctl.plan.changes import Action, Plan
    from galleryctl.session.api import Workspace, open_workspace
    from galleryctl.wix.errors import ApiError

__all__ = [
    "Action", "ApiError", "GalleryctlError", "ImportResult", "InvalidInput", "LockedError", "MatchError",
    "OutcomeStatus", "Plan", "Progress", "Refused", "Report", "StaleError", "StateError", "UnexpectedError",
    "Validation", "Workspace", "__version__", "open_workspace",
]  # fmt: skip

_MODULES = {
    "Action": "galleryctl.plan.changes",
    "ApiError": "galleryctl.wix.errors",
    "ImportResult": "galleryctl.engine.importing.run",
    "OutcomeStatus": "galleryctl.model.outcome",
    "Plan": "galleryctl.plan.changes",
    "Progress": "galleryctl.engine.progress",
    "Report": "galleryctl.model.outcome",
    "Validation": "galleryctl.model.checkup",
    "Workspace": "galleryctl.session.api",
    "open_workspace": "galleryctl.session.api",
}
"""The modules of the public names; the others are errors, in `model.errors`. Each is imported on first use."""

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """Import a public name on first use."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(_import_module(_MODULES.get(name, "galleryctl.model.errors")), name)
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        """List the public names, imported or not."""
        return sorted({*globals(), *__all__})
