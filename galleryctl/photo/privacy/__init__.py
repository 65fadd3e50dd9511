"""Private data in photos and videos: where they were taken, and whose camera it was; found, and removed from a copy."""
