"""Connecting a calendar account: the address to send the coach to; what it leads to is
`pages.consent`.
"""

from webhooks.api.schemas.requests import ConnectIn
from webhooks.api.schemas.responses import ConnectOut
from webhooks.http import return_urls
from webhooks.http.context import runtime
from webhooks.http.problems import RefusedRequest, unknown_coach
from workers.jobs import account_linking
from workers.jobs.account_linking import STATE_LIFE


def begin(coach_id: str, body: ConnectIn) -> ConnectOut:
    """Begin connecting a calendar account of a coach.

    Send the coach's browser to `authorize_url`: a page that says for whom it is and leads on to the
    consent, in one browser, and only for as long as `expires_in` says. With `return_url` it comes
    back there, with `outcome` in the query: `connected`, `declined` (the coach said no), `in_use`
    (the account is another coach's), `refused` (the provider or Cronofy said no), `away` (Cronofy
    did not answer) or `expired`.
    """
    services = runtime().services
    if body.return_url is not None and not return_urls.allowed(services.settings, body.return_url):
        detail = (
            "Send an address of an origin that COACHCAL_RETURN_ORIGINS names, or have it added."
        )
        raise RefusedRequest("return_url_not_allowed", detail, field="return_url")
    url = account_linking.invite(
        services, coach_id, provider=body.provider, return_url=body.return_url
    )
    if url is None:
        raise unknown_coach(coach_id)
    return ConnectOut(authorize_url=url, expires_in=int(STATE_LIFE.total_seconds()))
