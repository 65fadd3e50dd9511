"""The Python API: a workspace as an object, each operation as a blocking method and as a coroutine method."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from galleryctl.engine.importing.run import ImportResult
from galleryctl.engine.importing.select import GallerySelector
from galleryctl.engine.progress import Progress
from galleryctl.engine.signing import sign_plan
from galleryctl.manifest.validate import validate
from galleryctl.model.address import Address
from galleryctl.model.checkup import Validation
from galleryctl.model.errors import InvalidInput, Problem
from galleryctl.model.outcome import Report
from galleryctl.plan.changes import Plan
from galleryctl.plan.make import PlanOptions
from galleryctl.session.background import in_background, run_blocking
from galleryctl.session.open import WorkspaceSite, select_site
from galleryctl.session.run import ApplyHooks, apply_workspace, drift_options, import_galleries, plan_workspace

_P = ParamSpec("_P")
_T = TypeVar("_T")
_Operation = Callable[Concatenate["Workspace", _P], Coroutine[Any, Any, _T]]


def _methods(operation: _Operation[_P, _T]) -> tuple[Callable[Concatenate[Workspace, _P], _T], _Operation[_P, _T]]:
    """Return the blocking method and the coroutine method that run `operation`."""

    @wraps(operation)
    def method(self: Workspace, /, *args: _P.args, **kwargs: _P.kwargs) -> _T:
        return run_blocking(lambda: operation(self, *args, **kwargs))

    @wraps(operation)
    async def method_async(self: Workspace, /, *args: _P.args, **kwargs: _P.kwargs) -> _T:
        return await in_background(lambda: operation(self, *args, **kwargs))

    method.__name__ = operation.__name__.removeprefix("_")
    method_async.__name__ = f"{method.__name__}_async"
    for each in (method, method_async):
        each.__qualname__ = f"Workspace.{each.__name__}"
    return method, method_async


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """One site of a workspace, as returned by `open_workspace`; it needs no closing.

    The configuration is read once; each call reads manifests, state and site. Each method has a coroutine version, such
    as `plan_async`, that does not block the event loop; cancelling it cancels the operation.
    """

    directory: Path
    site: str
    _opened: WorkspaceSite = field(repr=False)

    async def _validate(self) -> Validation:
        """Check galleryctl.yaml and all manifests, without network and state. Raises InvalidInput with all problems."""
        return validate(self.directory, self._opened.config.environ, self.site)

    async def _plan(
        self,
        *,
        targets: Iterable[Address | str] = (),
        max_delete_percent: float | None = None,
        allow_empty: bool = False,
        allow_recreate: bool = False,
        adopt_guesses: bool = False,
        destroy: bool = False,
    ) -> Plan:
        """Return the plan of an apply; nothing is written.

        The arguments are the options of `galleryctl plan`. Rejections by the safety checks are in its `refusals`. The
        plan is signed if the state has a passphrase.
        """
        options = _options(
            targets,
            max_delete_percent=max_delete_percent,
            allow_empty=allow_empty,
            allow_recreate=allow_recreate,
            adopt_guesses=adopt_guesses,
            destroy=destroy,
        )
        plan = await plan_workspace(self._opened, options)
        return sign_plan(plan, self._opened.passphrases()[0])

    async def _apply(
        self,
        plan: Plan | None = None,
        *,
        targets: Iterable[Address | str] = (),
        max_delete_percent: float | None = None,
        allow_empty: bool = False,
        allow_recreate: bool = False,
        adopt_guesses: bool = False,
        destroy: bool = False,
        overwrite_conflicts: bool = False,
        progress: Progress | None = None,
        lock_timeout: float | None = None,
    ) -> Report:
        """Apply the plan, or one made with the options; return the outcome of each change.

        Without a plan, values that both the manifests and people on the site changed are overwritten only if
        `overwrite_conflicts` is True; otherwise such a plan is rejected.
        `progress` observes the steps; `lock_timeout` is the number of seconds to wait for another run, by default 120 if
        the state is in a bucket and 0 if it is a file. Raises StaleError if the site, the state or a file changed since the
        plan was made, Refused if a safety check rejects it, LockedError, StateError if the state could not be saved,
        and UnexpectedError for an exception of `progress`. Failed changes are in the report.
        """
        options = _options(
            targets,
            max_delete_percent=max_delete_percent,
            allow_empty=allow_empty,
            allow_recreate=allow_recreate,
            adopt_guesses=adopt_guesses,
            destroy=destroy,
        )
        if lock_timeout is not None and not (math.isfinite(lock_timeout) and lock_timeout >= 0):
            raise _invalid("lock_timeout must be a finite number of seconds, 0 or more")
        if plan is not None and options != PlanOptions():
            raise _invalid("a plan cannot be applied with further options: pass the options to plan()")
        applied = await apply_workspace(
            self._opened,
            options,
            saved=plan,
            operation="destroy" if destroy else "apply",
            lock_timeout=lock_timeout,
            overwrite_conflicts=overwrite_conflicts,
            hooks=ApplyHooks(progress),
        )
        if applied is None:
            raise AssertionError("unreachable: these hooks require no approval")
        if applied.errors:
            raise applied.errors[0]
        return applied.report

    async def _drift(self, *, targets: Iterable[Address | str] = ()) -> Plan:
        """Return the plan that would remove the drift of the site from the manifests."""
        return await plan_workspace(self._opened, drift_options(_addresses(targets)))

    async def _import_gallery(
        self,
        gallery: str | None = None,
        *,
        gallery_id: str | None = None,
        name: str | None = None,
        out: str | os.PathLike[str] | None = None,
        dry_run: bool = False,
    ) -> ImportResult:
        """Write a live gallery as a manifest, with the ids of the items that the next apply adopts.

        `gallery` is its key, or without `gallery_id` and `name` its key, id or name; `out` is the file, relative to the
        workspace. Nothing else is written, and in a dry run nothing. Raises MatchError unless the site has exactly one
        such gallery.
        """
        if not (gallery or gallery_id or name) or (gallery_id and name):
            raise _invalid("specify the gallery to import by key, id or name; not by both gallery_id and name")
        selector = GallerySelector(text=gallery, id=gallery_id, name=name)
        file = None if out is None else self.directory / out
        (imported,) = (await import_galleries(self._opened, selector, out=file, dry_run=dry_run)).results
        return imported

    async def _import_all(self, *, dry_run: bool = False) -> tuple[ImportResult, ...]:
        """Write the manifests of all unmanaged galleries, except those in `removed:` of galleryctl.yaml."""
        return (await import_galleries(self._opened, None, dry_run=dry_run)).results

    validate, validate_async = _methods(_validate)
    plan, plan_async = _methods(_plan)
    apply, apply_async = _methods(_apply)
    drift, drift_async = _methods(_drift)
    import_gallery, import_gallery_async = _methods(_import_gallery)
    import_all, import_all_async = _methods(_import_all)


def open_workspace(
    directory: str | os.PathLike[str] = ".", *, site: str | None = None, environ: Mapping[str, str] | None = None
) -> Workspace:
    """Return the workspace in `directory`, the folder of galleryctl.yaml.

    `site` selects one of its sites and is optional if there is only one; `environ` replaces os.environ for `${NAME}` in
    its files. Raises InvalidInput with all problems of galleryctl.yaml, GalleryctlError for an unknown site.
    """
    root = Path(directory)
    opened = select_site(root, site, dict(os.environ if environ is None else environ))
    return Workspace(directory=root, site=opened.name, _opened=opened)


def _options(
    targets: Iterable[Address | str],
    *,
    max_delete_percent: float | None,
    allow_empty: bool,
    allow_recreate: bool,
    adopt_guesses: bool,
    destroy: bool,
) -> PlanOptions:
    if max_delete_percent is not None and not 0 <= max_delete_percent <= 100:  # noqa: PLR2004 - percent
        raise _invalid("max_delete_percent must be between 0 and 100")
    return PlanOptions(
        targets=_addresses(targets),
        max_delete_percent=max_delete_percent,
        allow_empty=allow_empty,
        allow_recreate=allow_recreate,
        adopt_guesses=adopt_guesses,
        destroy=destroy,
    )


def _addresses(targets: Iterable[Address | str]) -> tuple[Address, ...]:
    """Return the targets as addresses or patterns. Raises InvalidInput for a string that is neither."""
    if isinstance(targets, str):  # it would be taken as its letters
        raise _invalid(f"targets must be a list of addresses: [{targets!r}]")
    try:
        return tuple(each if isinstance(each, Address) else Address.parse_pattern(each) for each in targets)
    except ValueError as error:
        raise _invalid(str(error)) from error


def _invalid(message: str) -> InvalidInput:
    return InvalidInput((Problem(None, message),))
