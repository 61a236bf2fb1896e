"""Commands run in this process set its logging up."""

import pytest

from tests.support.restored_logging import logging_as_it_was

__all__ = ["logging_as_it_was"]


@pytest.fixture(autouse=True)
def put_back(logging_as_it_was: None) -> None:
    """For every test here."""
