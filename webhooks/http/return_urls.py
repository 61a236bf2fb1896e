"""The way back to the platform: only to origins that the operator has named, so that nobody makes
of our pages a redirect to elsewhere.
"""

from urllib.parse import urlencode, urlsplit

from workers.settings import Settings

OUTCOME = "outcome"


def allowed(settings: Settings, return_url: str) -> bool:
    """Whether its origin is one of COACHCAL_RETURN_ORIGINS. Without that setting none is."""
    parts = urlsplit(return_url.lower())
    return f"{parts.scheme}://{parts.netloc}" in (settings.return_origins or ())


def with_outcome(return_url: str, outcome: str) -> str:
    """The address with `outcome=...` in its query, in the place of what it says of that itself."""
    parts = urlsplit(return_url)
    # What else it says stays as it was written: the platform may have signed it.
    others = [each for each in parts.query.split("&") if each and each.partition("=")[0] != OUTCOME]
    return parts._replace(query="&".join([*others, urlencode({OUTCOME: outcome})])).geturl()
