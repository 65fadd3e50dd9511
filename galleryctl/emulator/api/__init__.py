"""The Pro Gallery API: routes, permissions, validation and calls."""
