"""Webhooks of the site: verified, kept on disk, told once, and watched for drift."""
