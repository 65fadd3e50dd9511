"""The emulated Media Manager: files, folders, uploads."""
