"""Conversion of YAML text to nodes with positions, and back to text with its comments."""
