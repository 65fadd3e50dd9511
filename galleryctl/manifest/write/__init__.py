"""Writes manifests: entries, updates that keep comments, the canonical format, templates."""
