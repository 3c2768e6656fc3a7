"""The version, in a module of its own: what stores models needs it, below the package."""

__version__ = "0.1.0"
