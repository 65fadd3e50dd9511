"""Undo a run: write the manifests as they have to be for the site to show again what it showed before."""
