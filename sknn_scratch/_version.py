"""The version: that of the git tag, as it was noted when the package was built or installed."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("sknn-scratch")
except PackageNotFoundError:  # a checkout that was never installed: nobody has asked git
    __version__ = "0+unknown"
