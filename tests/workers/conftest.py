"""The house, for everybody here."""

from tests.house import house
from tests.logging_as_it_was import logging_as_it_was

__all__ = ["house", "logging_as_it_was"]
