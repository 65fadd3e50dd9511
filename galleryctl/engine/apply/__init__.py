"""Apply a plan: run its steps, journal each, report each outcome."""
