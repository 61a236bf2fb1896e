"""Connecting a calendar account: the address to send the coach to; what it leads to is
`pages.consent`.
"""

from webhooks.api.schemas.requests import ConnectIn
from webhooks.api.schemas.responses import ConnectOut
from webhooks.http.context import runtime
from webhooks.http.problems import unknown_coach
from workers.jobs import account_linking
from workers.jobs.account_linking import STATE_LIFE


def begin(coach_id: str, body: ConnectIn) -> ConnectOut:
    """Begin connecting a calendar account of a coach.

    Send the coach's browser to `authorize_url`: a page that says for whom it is and leads on to the
    consent, in one browser, and only for as long as `expires_in` says.
    """
    url = account_linking.invite(runtime().services, coach_id, provider=body.provider)
    if url is None:
        raise unknown_coach(coach_id)
    return ConnectOut(authorize_url=url, expires_in=int(STATE_LIFE.total_seconds()))
