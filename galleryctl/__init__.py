"""Wix Pro Galleries as YAML in git: validate, plan, apply, drift."""

__version__ = "0.1.0"
