"""The nouns: what a manifest wants, what a site has, and how both are named. No I/O; imports nothing of ours."""
