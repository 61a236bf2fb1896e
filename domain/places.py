"""Where a session is: a link, a telephone number or an address; and who may choose it.

The narrowest that names a place decides, in the order of SCOPES. Each may also restrict the kinds,
its own choice and everybody else's: what one of them forbids cannot be asked for, and as somebody's
default it is passed over for the next wider one. So nobody's booking fails by a default.

It is decided when a session is made, and stays: a default that changes touches new sessions only.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Self, cast, get_args

from domain.errors import Invalid, one_of
from domain.mail.safety import many_lines, one_line, web_address

Kind = Literal["conferencing", "url", "phone", "address", "platform"]
KINDS: tuple[Kind, ...] = get_args(Kind)
Scope = Literal["coach", "cohort", "project", "company", "deployment"]
SCOPES: tuple[Scope, ...] = get_args(Scope)
"""The narrowest first. A session itself is narrower than any."""
LONGEST_PHONE = 60
LONGEST_ADDRESS = 300
"""Characters."""
_PROFILE = re.compile(r"pro_[A-Za-z0-9_@-]{1,120}", re.ASCII)
# Before the host could stand another's name: https://meet.example@evil.example leads to the second.
_USER = re.compile(r"https?://[^/?#]*@", re.IGNORECASE)
_UNSEEN = re.compile(r"[\s\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")


@dataclass(frozen=True, slots=True)
class Place:
    """One place. `value`: of `conferencing` who makes the link (`default`, `integrated` or a
    `pro_...` profile of the coach's), of `url` and `platform` the link itself, of the others a text
    of one line. Raises Invalid.
    """

    kind: Kind
    value: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        one_of("place.kind", self.kind, KINDS)
        # Blanks around and between the words are taken out: equal places are equal then.
        object.__setattr__(self, "value", _RULES[self.kind](self.value or ""))

    @property
    def link(self) -> str | None:
        """The link that it is by itself; that of `conferencing` is assigned later."""
        if self.kind in ("url", "platform"):
            return self.value
        return None

    def as_json(self) -> dict[str, str | None]:
        return {"kind": self.kind, "value": self.value}

    @classmethod
    def of_json(cls, stored: Mapping[str, Any] | None) -> Self | None:
        if stored is None:
            return None
        return cls(stored["kind"], stored["value"])


def join_link(place: Place | None, join_url: str | None) -> str | None:
    """What a person opens to be there. `join_url`: what was assigned for conferencing."""
    if place is None:
        return None
    if place.kind == "conferencing":
        return join_url
    return place.link


def where(place: Place | None, join_url: str | None) -> str:
    """One line that says where it is, in no language:
    the link, the number or the address. Nothing where there is none, or none yet.
    """
    if place is None:
        return ""
    if place.kind in ("phone", "address"):
        return place.value or ""
    return join_link(place, join_url) or ""


@dataclass(frozen=True, slots=True)
class Rule:
    """What one scope says: the place it chooses, and the kinds that may be chosen within it; None
    says nothing. `name`: which company, project, cohort or coach. Raises Invalid.
    """

    scope: Scope
    name: str = ""
    place: Place | None = None
    kinds: tuple[Kind, ...] | None = None

    def __post_init__(self) -> None:
        if self.kinds is None:
            return
        for kind in self.kinds:
            one_of(self._kinds_field, kind, KINDS)
        if not self.kinds or len(set(self.kinds)) < len(self.kinds):
            detail = "Send one kind or more, each of them once, or null to allow all."
            raise Invalid(self._kinds_field, "not_distinct", detail)
        if self.place is not None:
            check((self,), self.place)

    @property
    def _kinds_field(self) -> str:
        if self.scope == "coach":
            return "place_kinds"
        return "kinds"

    def allows(self, kind: Kind) -> bool:
        return self.kinds is None or kind in self.kinds


EVERYWHERE = Rule("deployment")
"""Of a deployment that says nothing."""


def check(rules: Iterable[Rule], place: Place) -> None:
    """Raises Invalid, and names who forbids this place, and what is allowed instead."""
    rule = _forbidding(rules, place.kind)
    if rule is None:
        return
    who = "This deployment"
    if rule.name:
        who = f"The {rule.scope} {rule.name}"
    allowed = ", ".join(rule.kinds or ())
    detail = f"{who} allows no {place.kind} here: send one of {allowed}, or leave place out."
    raise Invalid("place.kind", "place_forbidden", detail)


def choose(rules: Sequence[Rule], wanted: Place | None = None) -> Place | None:
    """Where a new session is: what was asked for it, or else the narrowest default that all of the
    rules allow; None: nowhere in particular. Raises Invalid for what was asked and is forbidden.
    """
    # The widest is named first: whoever may change the narrower one still had to ask them.
    ordered = sorted(rules, key=_width)
    if wanted is not None:
        check(reversed(ordered), wanted)
        return wanted
    for rule in ordered:
        if rule.place is not None and _forbidding(rules, rule.place.kind) is None:
            return rule.place
    return None


def usable_link(text: str | None) -> str | None:
    """The text, if it is a link that may stand in mails and calendars; None for any other."""
    if not text or not web_address(text):
        return None
    # In one piece and all of it seen: what hides in a link is somebody's trick.
    if many_lines(text) != text or _UNSEEN.search(text) or _USER.match(text):
        return None
    return text


def _width(rule: Rule) -> int:
    return SCOPES.index(rule.scope)


def _forbidding(rules: Iterable[Rule], kind: Kind) -> Rule | None:
    for rule in rules:
        if not rule.allows(kind):
            return rule
    return None


def _conferencing(value: str) -> str:
    profile = value or "default"
    if profile not in ("default", "integrated") and not _PROFILE.fullmatch(profile):
        detail = "Send default, integrated, or the id of a conferencing profile, which begins pro_."
        raise Invalid("place.value", "not_a_profile", detail)
    return profile


def _link(value: str) -> str:
    link = usable_link(value.strip())
    if link is None:
        detail = (
            "Send a link that begins with https:// or http://, without a user's name, and of at"
            " most 2000 characters."
        )
        raise Invalid("place.value", "not_a_link", detail)
    return link


def _phone(value: str) -> str:
    number = _line(value, LONGEST_PHONE)
    if not any(char.isdecimal() for char in number):
        detail = "Send a telephone number as people dial it, such as +44 20 7946 0018."
        raise Invalid("place.value", "not_a_phone_number", detail)
    return number


def _address(value: str) -> str:
    return _line(value, LONGEST_ADDRESS)


def _line(value: str, longest: int) -> str:
    line = one_line(value, len(value) + 1)
    if not line:
        raise Invalid("place.value", "empty", "Send a text that says where it is.")
    if len(line) > longest:
        raise Invalid("place.value", "too_long", f"Send at most {longest} characters.")
    return line


_RULES = {
    "conferencing": _conferencing,
    "url": _link,
    "platform": _link,
    "phone": _phone,
    "address": _address,
}


def kinds_of(stored: Sequence[str] | None) -> tuple[Kind, ...] | None:
    """Kinds as they are stored, or sent; `Rule` checks them."""
    if stored is None:
        return None
    return cast(tuple[Kind, ...], tuple(stored))
