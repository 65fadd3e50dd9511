"""The Wix APIs on this machine: Pro Gallery, Media Manager, OAuth and webhooks, with faults on demand."""

from galleryctl.emulator.app import Emulator, ReadyInfo, create_emulator
from galleryctl.emulator.gate import ConnectionCut
from galleryctl.emulator.settings import EmulatorSettings

__all__ = ["ConnectionCut", "Emulator", "EmulatorSettings", "ReadyInfo", "create_emulator"]
