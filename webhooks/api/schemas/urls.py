"""Addresses of pages that people are sent to."""

from typing import Annotated

from pydantic import Field

from webhooks.http import patterns

ReturnUrl = Annotated[
    str,
    Field(
        max_length=1000,
        pattern=patterns.RETURN_URL,
        description="Where the page's link back leads: https, or http on this machine;"
        " no user or password in it.",
    ),
]
