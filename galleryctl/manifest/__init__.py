"""Manifests: reads, validates and writes the YAML of a workspace. Synchronous."""
