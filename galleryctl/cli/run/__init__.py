"""What the commands run, one module a command."""
