"""Fault injection: by seeded rates, or by a script for the n-th matching request."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from galleryctl.emulator.api import checks
from galleryctl.emulator.api.rejection import Violation
from galleryctl.emulator.faults.edits import edit_violations
from galleryctl.emulator.faults.wrong_ids import is_create

# Instead of the response. drop_before: no effect, no response; drop_after: effect, no response; cut: half a response;
# wrong_id: effect, but the response names another resource.
RESPONSE_FAULTS = (
    "throttle", "throttle_silent", "error_500", "error_503", "drop_before", "drop_after", "cut", "stale", "wrong_id",
)  # fmt: skip
# In addition to the response, before or after the effect of the request.
SIDE_FAULTS = ("latency", "edit", "hold")
FAULT_KINDS = (*RESPONSE_FAULTS, *SIDE_FAULTS)
_RATE_KINDS = tuple(kind for kind in FAULT_KINDS if kind != "hold")  # a random hold would never be released
_COMMON_FIELDS = ("methods", "method", "path", "retry_after", "latency_ms", "edits")  # of the body and of a script line


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """The fault of one request; `kind` is one of `FAULT_KINDS`."""

    kind: str
    when: str = "before"  # or "after", for a side fault
    retry_after: int | None = None  # seconds, for throttle
    latency_ms: int = 0
    edits: Sequence[dict[str, Any]] = ()


@dataclass(slots=True, kw_only=True)
class ScriptedFault:
    """One line of the script: the `nth` matching request and the next `times` - 1 get the fault."""

    fault: Fault
    methods: frozenset[str]
    path: re.Pattern[str]
    nth: int
    times: int
    match_count: int = 0

    def match_request(self, method: str, path: str) -> bool:
        """Count a matching request; returns True if it gets the fault."""
        if not _is_matching(self.methods, self.path, method, path) or not _can_have(self.fault.kind, method, path):
            return False
        self.match_count += 1
        return self.nth <= self.match_count < self.nth + self.times

    def as_json(self) -> dict[str, Any]:
        """Return the line and the number of matching requests so far."""
        return {
            "fault": self.fault.kind,
            "when": self.fault.when,
            "path": self.path.pattern,
            "nth": self.nth,
            "times": self.times,
            "seen": self.match_count,
        }


@dataclass(slots=True, kw_only=True)
class Faults:
    """The active faults; `triggered` counts them by kind."""

    rates: dict[str, float] = field(default_factory=dict)
    methods: frozenset[str] = frozenset()
    path: re.Pattern[str] = re.compile("")
    retry_after: int | None = None
    latency_ms: int = 0
    edits: Sequence[dict[str, Any]] = ()
    script: list[ScriptedFault] = field(default_factory=list)
    triggered: dict[str, int] = field(default_factory=dict)
    rng: random.Random = field(default_factory=lambda: random.Random(0))  # noqa: S311 - repeatable on purpose

    def next_faults(self, method: str, path: str) -> list[Fault]:
        """Return the faults of the next request, at most one instead of its response; the script precedes the rates."""
        scripted = [line.fault for line in self.script if line.match_request(method, path)]
        response_faults = [fault for fault in scripted if fault.kind in RESPONSE_FAULTS]
        faults = [fault for fault in scripted if fault.kind in SIDE_FAULTS] + response_faults[:1]
        faults = faults or self._random_faults(method, path)
        for fault in faults:
            self.triggered[fault.kind] = self.triggered.get(fault.kind, 0) + 1
        if self.latency_ms and "latency" not in self.rates:
            faults = [*faults, Fault(kind="latency", latency_ms=self.latency_ms)]
        return faults

    def _random_faults(self, method: str, path: str) -> list[Fault]:
        if not _is_matching(self.methods, self.path, method, path):
            return []
        roll = self.rng.random() if self.rates else 1.0
        for kind, rate in self.rates.items():
            if roll < rate:
                if not _can_have(kind, method, path):
                    return []
                edits = [self.rng.choice(self.edits)] if kind == "edit" else ()
                return [Fault(kind=kind, retry_after=self.retry_after, latency_ms=self.latency_ms, edits=edits)]
            roll -= rate
        return []

    def as_json(self) -> dict[str, Any]:
        """Return the active faults, and how often each was triggered."""
        script = [line.as_json() for line in self.script]
        return {"rates": self.rates, "script": script, "struck": self.triggered, "latency_ms": self.latency_ms}


def _is_matching(methods: frozenset[str], pattern: re.Pattern[str], method: str, path: str) -> bool:
    return (not methods or method in methods) and pattern.search(path) is not None


def _can_have(kind: str, method: str, path: str) -> bool:
    """Return False for a fault that has no effect on such a request."""
    return kind != "wrong_id" or is_create(method, path)


def parse_faults(body: dict[str, Any]) -> Faults:
    """Parse the JSON of the control call; raises a 400 with all violations."""
    checks.raise_violations(_fault_violations(body))
    return Faults(
        rates=body.get("rates") or {},
        methods=_parse_methods(body),
        path=re.compile(body.get("path") or ""),
        retry_after=body.get("retry_after"),
        latency_ms=body.get("latency_ms") or 0,
        edits=body.get("edits") or (),
        script=[_parse_script_line(line) for line in body.get("script") or []],
        rng=random.Random(body.get("seed") or 0),  # noqa: S311 - repeatable on purpose
    )


def _parse_script_line(line: dict[str, Any]) -> ScriptedFault:
    fault = Fault(
        kind=line["fault"],
        when=line.get("when") or "before",
        retry_after=line.get("retry_after"),
        latency_ms=line.get("latency_ms") or 0,
        edits=line.get("edits") or (),
    )
    return ScriptedFault(
        fault=fault,
        methods=_parse_methods(line),
        path=re.compile(line.get("path") or ""),
        nth=line.get("nth") or 1,
        times=line.get("times") or 1,
    )


def _parse_methods(body: dict[str, Any]) -> frozenset[str]:
    methods = body.get("methods") or ([body["method"]] if body.get("method") else [])
    return frozenset(method.upper() for method in methods)


def _fault_violations(body: dict[str, Any]) -> Iterator[Violation]:
    fields = {*_COMMON_FIELDS, "seed", "rates", "script"}
    yield from (Violation(name, "is an unknown field") for name in body if name not in fields)
    yield from checks.check_integer("seed", body.get("seed"))
    yield from _common_violations(body, "")
    rates = body.get("rates")
    yield from checks.check_object("rates", rates)
    for kind, rate in rates.items() if isinstance(rates, dict) else ():
        yield from checks.check_one_of(f"rates.{kind}", kind, _RATE_KINDS)
        yield from [*checks.check_required(f"rates.{kind}", rate), *checks.check_number(f"rates.{kind}", rate, 0, 1)]
    if isinstance(rates, dict) and rates.get("edit"):
        yield from checks.check_required("edits", body.get("edits") or None)
    script = body.get("script")
    yield from checks.check_array("script", script)
    for index, line in enumerate(script if isinstance(script, list) else []):
        yield from checks.check_object(f"script[{index}]", line)
        yield from _script_line_violations(line if isinstance(line, dict) else {}, f"script[{index}].")


def _script_line_violations(line: dict[str, Any], at: str) -> Iterator[Violation]:
    fields = {*_COMMON_FIELDS, "fault", "when", "nth", "times"}
    yield from (Violation(f"{at}{name}", "is an unknown field") for name in line if name not in fields)
    yield from _common_violations(line, at)
    kind = line.get("fault")
    yield from [*checks.check_required(f"{at}fault", kind), *checks.check_one_of(f"{at}fault", kind, FAULT_KINDS)]
    yield from checks.check_one_of(f"{at}when", line.get("when"), ("before", "after"))
    if line.get("when") and kind not in SIDE_FAULTS:
        yield Violation(f"{at}when", f"is only allowed with {', '.join(SIDE_FAULTS)}")
    if kind == "edit":
        yield from checks.check_required(f"{at}edits", line.get("edits") or None)
    elif line.get("edits"):
        yield Violation(f"{at}edits", "is only allowed with edit")


def _common_violations(body: dict[str, Any], at: str) -> Iterator[Violation]:
    for name in ("retry_after", "latency_ms", "nth", "times"):
        yield from checks.check_integer(f"{at}{name}", body.get(name), 0, checks.MAX_INT32)
    yield from checks.check_strings(f"{at}methods", body.get("methods"))
    yield from checks.check_string(f"{at}method", body.get("method"))
    yield from edit_violations(f"{at}edits", body.get("edits"))
    try:
        re.compile(body.get("path") or "")
    except (re.error, TypeError, OverflowError, RecursionError) as cause:
        yield Violation(f"{at}path", f"is not a valid regular expression: {cause}")
