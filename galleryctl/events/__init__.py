"""Webhooks of the site: verified, stored on disk, reported once, and checked for drift."""
