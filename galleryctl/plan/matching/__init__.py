"""Match live resources with the manifests: evidence, state, moved entries."""
