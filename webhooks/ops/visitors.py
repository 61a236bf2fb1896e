"""Somebody at the ops pages, as their cookie names them: a key, or a person of the login provider.

Neither a key nor a token stands in it. Of a person's groups it holds those that the settings name;
what they may do is decided by the settings as they are at each request.
"""

from dataclasses import asdict, dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workers.oidc.tokens import Claimed


@dataclass(frozen=True, slots=True)
class Visitor:
    """`key_id` and `subject`: both are empty for somebody who has not logged in. `until`: epoch
    seconds. `issuer`, `subject`, `mail`, `groups`: of a person, as the provider told them.
    """

    key_id: str
    client_id: str
    csrf: str
    until: int
    issuer: str = ""
    subject: str = ""
    mail: str = ""
    groups: tuple[str, ...] = ()

    @classmethod
    def of_person(
        cls, claimed: "Claimed", issuer: str, groups: tuple[str, ...], *, csrf: str, until: int
    ) -> "Visitor":
        return cls("", "", csrf, until, issuer, claimed.subject, claimed.mail, groups)

    @property
    def is_known(self) -> bool:
        return bool(self.key_id or self.subject)

    @property
    def id(self) -> str:
        """As the history of a booking tells it: without a mail address."""
        if self.subject:
            return f"oidc/{self.subject}"
        return f"{self.client_id}/{self.key_id}"

    @property
    def name(self) -> str:
        """As the diary tells it. The subject comes first: it is theirs alone, and a mail address
        is what the provider believes.
        """
        if self.mail:
            return f"{self.id} ({self.mail})"
        return self.id

    @property
    def shown(self) -> str:
        """As their own page greets them."""
        return self.mail or self.subject or self.client_id

    @property
    def session(self) -> str:
        """Which of their sessions, without what its forms are signed with."""
        return f"session {blake2b(self.csrf.encode(), digest_size=6).hexdigest()}"

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of_json(cls, stored: dict[str, Any]) -> "Visitor":
        return cls(**stored | {"groups": tuple(stored.get("groups", ()))})
