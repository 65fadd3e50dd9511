"""The HTTP library, imported only here, so that replacing it starts with one line; a test checks this.

The last stable release of httpx is of December 2024.
"""

import httpx

__all__ = ["httpx"]
