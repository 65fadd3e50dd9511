"""The work behind the commands: one module per command, with its name."""
