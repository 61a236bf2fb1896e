"""The way back to the platform: only to origins that the operator has named, so that nobody makes
of our pages a redirect to elsewhere.
"""

from urllib.parse import parse_qsl, urlencode, urlsplit

from workers.settings import Settings

OUTCOME = "outcome"


def allowed(settings: Settings, return_url: str) -> bool:
    """Whether its origin is one of COACHCAL_RETURN_ORIGINS. Without that setting none is."""
    parts = urlsplit(return_url.lower())
    return f"{parts.scheme}://{parts.netloc}" in (settings.return_origins or ())


def with_outcome(return_url: str, outcome: str) -> str:
    """The address with `outcome=...` in its query, in the place of what it says of that itself."""
    parts = urlsplit(return_url)
    query = parse_qsl(parts.query, keep_blank_values=True)
    others = [(name, value) for name, value in query if name != OUTCOME]
    return parts._replace(query=urlencode([*others, (OUTCOME, outcome)])).geturl()
