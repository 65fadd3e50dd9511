"""Replace the variables of a saved plan, which has their names and digests of their values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from galleryctl.manifest.yaml.places import AllowedVariables, Place
from galleryctl.manifest.yaml.variables import VariableError, mask, substitute, variable_names
from galleryctl.model.errors import InvalidInput, Problem, StaleError
from galleryctl.model.fields import Json
from galleryctl.model.media import HostedVideo, RemoteFile
from galleryctl.model.variable_text import VariableText
from galleryctl.plan.changes import Change, Plan


def replace_plan_variables(plan: Plan, environ: Mapping[str, str], allowed: AllowedVariables) -> Plan:
    """Return the plan with the values of its variables.

    Raises InvalidInput for a variable that is not set, or that its place does not take: a plan is a file that anyone can
    edit. Raises StaleError if a value is not that of the plan.
    """
    values = _PlanVariables(environ=environ, allowed=allowed)
    return replace(plan, site_id=values.text(plan.site_id, Place.ID), changes=tuple(map(values.change, plan.changes)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _PlanVariables:
    environ: Mapping[str, str]
    allowed: AllowedVariables

    def change(self, change: Change) -> Change:
        media = change.media
        if isinstance(media, RemoteFile | HostedVideo):
            media = replace(media, url=self.text(media.url, Place.VALUE))
        return replace(
            change,
            write={name: self._value(value) for name, value in change.write.items()},
            fields=tuple(replace(part, after=self._value(part.after)) for part in change.fields),
            media=media,
        )

    def text(self, text: str, place: Place) -> str:
        if not isinstance(text, VariableText):
            return text
        problems = (self.allowed.problem(name, place) for name in sorted(variable_names(text.shown)))
        if why := next(filter(None, problems), ""):
            raise InvalidInput((Problem(None, f"the plan has {text.shown!r}: {why}"),))
        try:
            value = substitute(mask(text.shown), self.environ)
        except VariableError as error:
            raise InvalidInput((Problem(None, f"the plan has {text.shown!r}: {error}"),)) from error
        if not isinstance(value, VariableText) or value.sha256 != text.sha256:
            raise StaleError(
                f"{text.shown!r} has another value than when the plan was made; nothing was applied",
                do="set its variables to the same values, or create a new plan and review it",
            )
        return value

    def _value(self, value: Json) -> Json:
        if isinstance(value, str):
            return self.text(value, Place.VALUE)
        if isinstance(value, Mapping):
            return {name: self._value(part) for name, part in value.items()}
        if isinstance(value, tuple):
            return tuple(map(self._value, value))
        return [self._value(part) for part in value] if isinstance(value, list) else value
