"""An emulator of the Wix APIs: Pro Gallery, Media Manager, OAuth and webhooks, with fault injection."""

from galleryctl.emulator.app import Emulator, ReadyInfo, create_emulator
from galleryctl.emulator.faults.settings import EmulatorSettings
from galleryctl.emulator.pipeline import ConnectionCut

__all__ = ["ConnectionCut", "Emulator", "EmulatorSettings", "ReadyInfo", "create_emulator"]
