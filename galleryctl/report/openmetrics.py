"""The state of sites as OpenMetrics text, for a collector of text files: values of earlier runs and other sites stay."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from galleryctl.model.outcome import Report
from galleryctl.plan.changes import Plan
from galleryctl.report.results import SiteResult

_OUT_OF_SYNC = "galleryctl_resources_out_of_sync"
_DRIFT_SINCE = "galleryctl_drift_since_timestamp_seconds"
_DRIFT_AGE = "galleryctl_drift_age_seconds"
_LAST_CHECK = "galleryctl_last_drift_check_timestamp_seconds"
_LAST_APPLY = "galleryctl_last_successful_apply_timestamp_seconds"
_METRICS = {
    _OUT_OF_SYNC: "Resources that somebody changed on the site since the last apply, at the last drift check.",
    _DRIFT_SINCE: "The time of the oldest of these changes, or of the check that first found them.",
    _DRIFT_AGE: "The age of the oldest of these changes at the last drift check.",
    _LAST_CHECK: "The time of the last drift check that read the site.",
    _LAST_APPLY: "The time of the last apply that did all of its changes.",
}
_SAMPLE = re.compile(r'(galleryctl_[a-z_]+)\{site="((?:[^"\\\n]|\\.)*)"\} ([0-9]{1,15}(?:\.[0-9]{1,6})?)')

_Samples = dict[tuple[str, str], float]


def updated_metrics(former: str, results: Sequence[SiteResult], *, site: str, now: float) -> str:
    """Return the text with the values of `results` for a site; `former` is the text of the last run, `now` epoch seconds."""
    samples: _Samples = {
        (match[1], match[2]): float(match[3])
        for match in map(_SAMPLE.fullmatch, former.splitlines())
        if match and match[1] in _METRICS
    }
    label = site.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    for result in results:
        if isinstance(result.subject, Plan) and result.drift:
            _add_check(samples, label, result.subject, now)
        elif isinstance(result.subject, Report) and result.subject.exit_code == 0:
            samples[_LAST_APPLY, label] = now
    return "".join(f"{line}\n" for line in _lines(samples))


def _add_check(samples: _Samples, label: str, plan: Plan, now: float) -> None:
    samples[_OUT_OF_SYNC, label] = len(plan.drift)
    samples[_LAST_CHECK, label] = now
    former = samples.pop((_DRIFT_SINCE, label), None)
    samples[_DRIFT_AGE, label] = 0.0
    if plan.drift:
        known = [at for change in plan.drift if (at := _epoch_seconds(change.changed_at)) is not None]
        since = min([*known, now if former is None else former])
        samples[_DRIFT_SINCE, label] = since
        samples[_DRIFT_AGE, label] = max(0.0, now - since)


def _lines(samples: Mapping[tuple[str, str], float]) -> Iterator[str]:
    for name, description in _METRICS.items():
        yield f"# TYPE {name} gauge"
        yield f"# HELP {name} {description}"
        for (metric, label), value in sorted(samples.items()):
            if metric == name:
                yield f'{name}{{site="{label}"}} {value:.3f}'.replace(".000", "")
    yield "# EOF"


def _epoch_seconds(text: str) -> float | None:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()
