"""The results of a probe: facts about a site that no documentation states."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from galleryctl.model.fields import Json


class FactStatus(StrEnum):
    """The status of a fact after a probe."""

    FOUND = "found"
    UNKNOWN = "unknown"
    """The probe tried, and what it saw does not decide."""
    NOT_REACHED = "not reached"
    """The probe ended before: by the limit of requests, by an interruption or by an error."""
    NOT_PROBED = "cannot be probed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    """The conclusion of a probe about one fact, and the evidence.

    `switches` are the settings of the emulator with which it behaves like the site.
    """

    result: str
    evidence: str = ""
    status: FactStatus = FactStatus.FOUND
    switches: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One row of the table: the name of the fact, the conclusion, and the number of requests that it took."""

    name: str
    conclusion: Conclusion
    requests: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeReport:
    """The results of one probe.

    `leftovers` are what it found and deleted of an earlier probe, `left` what it could not delete, with the reason.
    `preparation` and `clean_up` are the requests that no fact accounts for.
    """

    site: str
    site_id: str
    gallery: str
    facts: Sequence[Fact]
    requests: int
    max_requests: int
    preparation: int = 0
    clean_up: int = 0
    leftovers: Sequence[str] = ()
    left: Sequence[str] = ()
    interrupted: bool = False

    @property
    def switches(self) -> Mapping[str, Json]:
        """The settings of the emulator that all facts together give."""
        return {name: value for fact in self.facts for name, value in fact.conclusion.switches.items()}

    @property
    def exit_code(self) -> int:
        """130 if it was interrupted, 3 if something was not reached or not deleted, else 0."""
        reached = all(fact.conclusion.status is not FactStatus.NOT_REACHED for fact in self.facts)
        if self.interrupted:
            return 130
        return 0 if reached and not self.left else 3

    def count(self, status: FactStatus) -> int:
        """Return the number of facts with this status."""
        return sum(fact.conclusion.status is status for fact in self.facts)
