"""Faults on demand: by seeded rates, or by a script that names the n-th matching request."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from galleryctl.emulator import checks
from galleryctl.emulator.rejection import Violation, invalid

# drop_before: no answer, nothing done; drop_after: done, no answer; cut: done, half of the answer.
KINDS = ("throttle", "error_500", "error_503", "drop_before", "drop_after", "cut", "stale", "latency")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What goes wrong with one request; `kind` is one of KINDS."""

    kind: str
    retry_after: int | None = None  # seconds, for throttle
    latency_ms: int = 0


@dataclass(slots=True, kw_only=True)
class Scripted:
    """One line of the script: the `nth` matching request, and `times` - 1 after it, get the fault."""

    fault: Fault
    methods: frozenset[str]
    path: re.Pattern[str]
    nth: int
    times: int
    seen: int = 0

    def due(self, method: str, path: str) -> bool:
        """Count a request; whether this line strikes it."""
        if (self.methods and method not in self.methods) or not self.path.search(path):
            return False
        self.seen += 1
        return self.nth <= self.seen < self.nth + self.times


@dataclass(slots=True, kw_only=True)
class Faults:
    """The faults in force; `struck` counts those that came true."""

    rates: dict[str, float] = field(default_factory=dict)
    methods: frozenset[str] = frozenset()
    path: re.Pattern[str] = re.compile("")
    retry_after: int | None = None
    latency_ms: int = 0
    script: list[Scripted] = field(default_factory=list)
    struck: dict[str, int] = field(default_factory=dict)
    dice: random.Random = field(default_factory=lambda: random.Random(0))  # noqa: S311 - repeatable on purpose

    def next(self, method: str, path: str) -> Fault | None:
        """The fault of the next request, if it has one; the script goes before the rates."""
        due = [line.fault for line in self.script if line.due(method, path)]
        fault = due[0] if due else self._by_rate(method, path)
        if fault is not None:
            self.struck[fault.kind] = self.struck.get(fault.kind, 0) + 1
        return fault

    def _by_rate(self, method: str, path: str) -> Fault | None:
        if (self.methods and method not in self.methods) or not self.path.search(path):
            return None
        roll = self.dice.random() if self.rates else 1.0
        for kind, rate in self.rates.items():
            if roll < rate:
                return Fault(kind=kind, retry_after=self.retry_after, latency_ms=self.latency_ms)
            roll -= rate
        return None

    def as_json(self) -> dict[str, Any]:
        """The faults in force and how often they struck."""
        left = [
            {
                "fault": line.fault.kind,
                "path": line.path.pattern,
                "nth": line.nth,
                "times": line.times,
                "seen": line.seen,
            }
            for line in self.script
        ]
        return {"rates": self.rates, "script": left, "struck": self.struck, "latency_ms": self.latency_ms}


def parsed(body: dict[str, Any]) -> Faults:
    """Faults from the control call's JSON; raises a 400 that says what is wrong."""
    known = {"seed", "rates", "methods", "path", "retry_after", "latency_ms", "script"}
    checks.all_of(Violation(name, "is not known") for name in body if name not in known)
    rates = {} if body.get("rates") is None else body["rates"]
    checks.all_of([*checks.mapping("rates", rates), *_limits(body, "")])
    checks.all_of(_rate_violations(rates))
    script = [] if body.get("script") is None else body["script"]
    if not isinstance(script, list) or not all(isinstance(line, dict) for line in script):
        raise invalid(Violation("script", "must be an array of objects"))
    return Faults(
        rates=rates,
        methods=_methods(body),
        path=_pattern("path", body.get("path")),
        retry_after=body.get("retry_after"),
        latency_ms=body.get("latency_ms") or 0,
        script=[_line(line, f"script[{index}]") for index, line in enumerate(script)],
        dice=random.Random(body.get("seed", 0)),  # noqa: S311 - repeatable on purpose
    )


def _rate_violations(rates: dict[str, Any]) -> Iterator[Violation]:
    for kind, rate in rates.items():
        if kind not in KINDS:
            yield Violation(f"rates.{kind}", f"is none of {', '.join(KINDS)}")
        yield from checks.number(f"rates.{kind}", rate, 0, 1)


def _limits(body: dict[str, Any], at: str) -> Iterator[Violation]:
    for name in ("retry_after", "latency_ms", "nth", "times"):
        yield from checks.integer(f"{at}{name}", body.get(name), 0)


def _line(line: dict[str, Any], at: str) -> Scripted:
    known = {"fault", "method", "methods", "path", "nth", "times", "retry_after", "latency_ms"}
    checks.all_of(Violation(f"{at}.{name}", "is not known") for name in line if name not in known)
    checks.all_of(_limits(line, f"{at}."))
    kind = line.get("fault")
    if kind not in KINDS:
        raise invalid(Violation(f"{at}.fault", f"is none of {', '.join(KINDS)}"))
    fault = Fault(kind=kind, retry_after=line.get("retry_after"), latency_ms=line.get("latency_ms") or 0)
    pattern = _pattern(f"{at}.path", line.get("path"))
    return Scripted(
        fault=fault,
        methods=_methods(line),
        path=pattern,
        nth=line.get("nth") or 1,
        times=line.get("times") or 1,
    )


def _methods(body: dict[str, Any]) -> frozenset[str]:
    given = body.get("methods") or ([body["method"]] if body.get("method") else [])
    checks.all_of(checks.strings("methods", given))
    return frozenset(method.upper() for method in given)


def _pattern(at: str, value: Any) -> re.Pattern[str]:
    try:
        return re.compile(value or "")
    except (re.error, TypeError) as cause:
        raise invalid(Violation(at, f"is no regular expression: {cause}")) from cause
