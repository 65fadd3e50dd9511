"""Match live resources with manifest entries: evidence, state, `moved` entries."""
