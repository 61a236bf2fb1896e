"""Can people of ops log in by their provider? Its metadata and keys are read; nobody logs in."""

from collections.abc import Iterator

from workers.doctor.finding import Finding
from workers.oidc import logins_of
from workers.oidc.errors import LoginFailed
from workers.services import Services

NEXT_STEPS = {
    "oidc_provider_away": (
        "check that this machine reaches COACHCAL_OIDC_ISSUER over https; keys log in meanwhile"
    ),
    "oidc_provider_odd": (
        "compare COACHCAL_OIDC_ISSUER, to the letter, with `issuer` at its"
        " /.well-known/openid-configuration; keys log in meanwhile"
    ),
}


def look(services: Services) -> Iterator[Finding]:
    """Nothing to say where there is none."""
    logins = logins_of(services.settings)
    if logins is None:
        return
    try:
        logins.look()
    except LoginFailed as error:
        yield Finding("login provider", error.told, NEXT_STEPS[error.code])
    else:
        yield Finding("login provider", "tells its addresses and its keys")
