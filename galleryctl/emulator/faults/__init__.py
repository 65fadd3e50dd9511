"""Faults, switches and edits, on request of a test."""
