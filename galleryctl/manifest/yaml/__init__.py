"""YAML text to nodes with positions, and back to text that keeps its comments."""
