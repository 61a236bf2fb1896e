"""Whom people turn to: one mail address or web address, as the settings name it."""

from dataclasses import dataclass
from typing import Self

from domain.errors import Invalid
from domain.mail.safety import mail_address, mailto, web_address


@dataclass(frozen=True, slots=True)
class Support:
    """`shown` as people read it, `link` where it leads: `mailto:` or `https:`."""

    shown: str
    link: str

    @classmethod
    def of(cls, text: str) -> Self:
        """A mail address, or a URL. Raises Invalid for anything else."""
        if "@" in text and not text.startswith("http"):
            address = mail_address("support", text)
            return cls(address, mailto(address))
        url = web_address(text)
        if not url:
            raise Invalid(
                "support", "not_reachable", "Send a mail address or a URL: help@example.com."
            )
        return cls(url, url)
