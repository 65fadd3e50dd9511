"""The Wix APIs on this machine: Pro Gallery, Media Manager, OAuth and webhooks, with faults on demand."""

from galleryctl.emulator.app import Emulator, Ready, create_app
from galleryctl.emulator.gate import ConnectionCut
from galleryctl.emulator.settings import Settings

__all__ = ["ConnectionCut", "Emulator", "Ready", "Settings", "create_app"]
