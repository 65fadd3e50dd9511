"""The Media Manager: files, folders, uploads."""
