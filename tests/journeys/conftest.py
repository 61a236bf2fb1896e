"""The house, for everybody here."""

from tests.house import house

__all__ = ["house"]
