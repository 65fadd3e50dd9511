"""Manifests written: entries, updates that keep comments, the canonical format, templates."""
