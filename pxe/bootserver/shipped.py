"""The folder of what ships with this package: catalogue/, answers/ and templates/."""

from pathlib import Path

_BESIDE = Path(__file__).resolve().parent.parent
_IN_WHEEL = _BESIDE / "assets" / "pxe"
SHIPPED = _IN_WHEEL if _IN_WHEEL.is_dir() else _BESIDE
"""Beside the package in a checkout and in the image, bridgekit/assets/pxe in a wheel."""
