"""Manifests: read and check the YAML of a workspace, write it back. Synchronous; reads the disk at its edge only."""
