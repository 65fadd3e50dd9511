"""Read the live site, and recover what an interrupted run left behind."""
