"""The house, for everybody here."""

from tests.support.in_process import house

__all__ = ["house"]
