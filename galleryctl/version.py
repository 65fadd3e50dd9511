"""The version of the package. It is apart from the public names, so that no module imports those."""

__version__ = "0.1.0"
