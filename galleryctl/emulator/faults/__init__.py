"""Faults, switches and edits that a test asks the emulator for."""
