"""The HTTP client, imported here only.

The last stable release of httpx is of December 2024. Should another library take its place, the change begins with the
line below; a test checks that no other module imports httpx.
"""

import httpx

__all__ = ["httpx"]
