"""The link in a mail that leads a coach to a page of theirs: where a change of their calendar is
settled, or a service connected.

Like every link to a page it opens in one browser; what it says stands in no row, only its digest.
"""

import hmac
from base64 import urlsafe_b64encode
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from domain.mail import MailFacts
from storage.rows import links
from storage.rows.links import Link
from workers.services import Services
from workers.settings import Settings

LONGEST = timedelta(days=14)


def linked(services: Services, facts: MailFacts, coach_id: str) -> MailFacts:
    """The mail with its link, good until the session begins, and for two weeks at most."""
    return replace(facts, changes_url=_link(services, facts, coach_id, links.CHANGES))


def connecting(services: Services, facts: MailFacts, coach_id: str) -> MailFacts:
    """The mail with a link to where services are connected, unless the service has its own; good
    for two weeks.
    """
    if facts.relink_url:
        return facts
    return replace(facts, relink_url=_link(services, facts, coach_id, links.MORE))


def _link(services: Services, facts: MailFacts, coach_id: str, meaning: dict[str, Any]) -> str:
    now = services.now()
    until = now + LONGEST
    if facts.starts is not None:
        until = min(until, datetime.fromtimestamp(facts.starts, UTC))
    token = _token(services.settings, facts)
    with services.database.write() as tx:
        links.make_once(tx, token, "page", Link(coach_id, None, meaning, until))
    return f"{services.settings.base_url}/p/{token}"


def _token(settings: Settings, facts: MailFacts) -> str:
    # Made of the mail's own name, so that a mail that is tried again is the very same one, and
    # leaves no second link.
    key = settings.secret_keys[0].get_secret_value().encode()
    own = hmac.digest(key, b"coachcal link of a mail", "sha256")
    whole = hmac.digest(own, facts.digest.encode(), "sha256")
    return urlsafe_b64encode(whole[:24]).decode()
