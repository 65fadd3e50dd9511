"""The emulated Pro Gallery API: routes, permissions, validation and handlers."""
