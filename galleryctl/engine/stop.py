"""The request to end an apply early."""

from __future__ import annotations

import asyncio


class Stop(asyncio.Event):
    """Once it is set, no further step starts; those in progress are finished."""

    deadline_passed = False
    """True if the run's deadline set it, not an interrupt."""

    def set_by_deadline(self) -> None:
        """Set it because the deadline of the run has passed."""
        self.deadline_passed = True
        self.set()

    @property
    def reason(self) -> str:
        """The reason for which a step did not start."""
        return "the deadline passed before it started" if self.deadline_passed else "interrupted before it started"
