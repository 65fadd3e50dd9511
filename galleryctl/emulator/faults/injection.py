"""Faults on demand: by seeded rates, or by a script that names the n-th matching request."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from galleryctl.emulator.api import checks
from galleryctl.emulator.api.rejection import Violation
from galleryctl.emulator.faults.edits import edit_violations

# Instead of the answer. drop_before: no answer, nothing done; drop_after: done, no answer; cut: done, half of the answer.
RESPONSE_FAULTS = (
    "throttle", "throttle_silent", "error_500", "error_503", "drop_before", "drop_after", "cut", "stale",
)  # fmt: skip
# Beside the answer, before or after what the request does.
SIDE_FAULTS = ("latency", "edit", "hold")
FAULT_KINDS = (*RESPONSE_FAULTS, *SIDE_FAULTS)
_RATE_KINDS = tuple(kind for kind in FAULT_KINDS if kind != "hold")  # a hold that nobody waits for would never end


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What goes wrong with one request; `kind` is one of KINDS."""

    kind: str
    when: str = "before"  # or after: of an interlude
    retry_after: int | None = None  # seconds, for throttle
    latency_ms: int = 0
    edits: Sequence[dict[str, Any]] = ()


@dataclass(slots=True, kw_only=True)
class ScriptedFault:
    """One line of the script: the `nth` matching request, and `times` - 1 after it, get the fault."""

    fault: Fault
    methods: frozenset[str]
    path: re.Pattern[str]
    nth: int
    times: int
    match_count: int = 0

    def match_request(self, method: str, path: str) -> bool:
        """Count a request; whether this line strikes it."""
        if (self.methods and method not in self.methods) or not self.path.search(path):
            return False
        self.match_count += 1
        return self.nth <= self.match_count < self.nth + self.times

    def as_json(self) -> dict[str, Any]:
        """The line, and how many requests matched so far."""
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
    """The faults in force; `struck` counts those that came true."""

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
        """The faults of the next request: at most one answer, and interludes; the script goes before the rates."""
        due = [line.fault for line in self.script if line.match_request(method, path)]
        answers = [fault for fault in due if fault.kind in RESPONSE_FAULTS][:1]
        faults = [fault for fault in due if fault.kind in SIDE_FAULTS] + answers
        faults = faults or self._random_faults(method, path)
        for fault in faults:
            self.triggered[fault.kind] = self.triggered.get(fault.kind, 0) + 1
        if self.latency_ms and "latency" not in self.rates:
            faults = [*faults, Fault(kind="latency", latency_ms=self.latency_ms)]
        return faults

    def _random_faults(self, method: str, path: str) -> list[Fault]:
        if (self.methods and method not in self.methods) or not self.path.search(path):
            return []
        roll = self.rng.random() if self.rates else 1.0
        for kind, rate in self.rates.items():
            if roll < rate:
                edits = [self.rng.choice(self.edits)] if kind == "edit" else ()
                return [Fault(kind=kind, retry_after=self.retry_after, latency_ms=self.latency_ms, edits=edits)]
            roll -= rate
        return []

    def as_json(self) -> dict[str, Any]:
        """The faults in force and how often they struck."""
        script = [line.as_json() for line in self.script]
        return {"rates": self.rates, "script": script, "struck": self.triggered, "latency_ms": self.latency_ms}


def parse_faults(body: dict[str, Any]) -> Faults:
    """Faults from the control call's JSON; raises a 400 that says all that is wrong."""
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
    given = body.get("methods") or ([body["method"]] if body.get("method") else [])
    return frozenset(method.upper() for method in given)


def _fault_violations(body: dict[str, Any]) -> Iterator[Violation]:
    known = {"seed", "rates", "methods", "method", "path", "retry_after", "latency_ms", "edits", "script"}
    yield from (Violation(name, "is not known") for name in body if name not in known)
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
    if script is not None and not isinstance(script, list):
        yield Violation("script", "must be an array", "FORMAT")
    for index, line in enumerate(script if isinstance(script, list) else []):
        yield from checks.check_object(f"script[{index}]", line)
        yield from _script_line_violations(line if isinstance(line, dict) else {}, f"script[{index}].")


def _script_line_violations(line: dict[str, Any], at: str) -> Iterator[Violation]:
    known = {
        "fault",
        "when",
        "method",
        "methods",
        "path",
        "nth",
        "times",
        "retry_after",
        "latency_ms",
        "edits",
    }
    yield from (Violation(f"{at}{name}", "is not known") for name in line if name not in known)
    yield from _common_violations(line, at)
    kind = line.get("fault")
    yield from [*checks.check_required(f"{at}fault", kind), *checks.check_one_of(f"{at}fault", kind, FAULT_KINDS)]
    yield from checks.check_one_of(f"{at}when", line.get("when"), ("before", "after"))
    if line.get("when") and kind not in SIDE_FAULTS:
        yield Violation(f"{at}when", f"goes with {', '.join(SIDE_FAULTS)}")
    if kind == "edit":
        yield from checks.check_required(f"{at}edits", line.get("edits") or None)
    elif line.get("edits"):
        yield Violation(f"{at}edits", "goes with edit")


def _common_violations(body: dict[str, Any], at: str) -> Iterator[Violation]:
    for name in ("retry_after", "latency_ms", "nth", "times"):
        yield from checks.check_integer(f"{at}{name}", body.get(name), 0, checks.MAX_INT32)
    yield from checks.check_strings(f"{at}methods", body.get("methods"))
    yield from checks.check_string(f"{at}method", body.get("method"))
    yield from edit_violations(f"{at}edits", body.get("edits"))
    try:
        re.compile(body.get("path") or "")
    except (re.error, TypeError, OverflowError, RecursionError) as cause:
        yield Violation(f"{at}path", f"is no regular expression: {cause}")
