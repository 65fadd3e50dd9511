"""One module a command: its options and one call."""
