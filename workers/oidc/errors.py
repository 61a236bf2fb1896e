"""Why nobody was logged in, as a plain page tells it: a stable code and the next step.

No code, token, secret or answer of a provider's stands in a text, nor in an error chained to it.
"""


class LoginFailed(Exception):
    """`status`: of the page. `code`: never changes once published. `detail`: with the next step.
    `told`: what was found, for whoever runs this.
    """

    def __init__(self, status: int, code: str, detail: str, told: str = "") -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.detail = detail
        self.told = told

    def again(self) -> "LoginFailed":
        """The same for somebody else: an error that is raised twice grows its traceback."""
        return LoginFailed(self.status, self.code, self.detail, self.told)


def away(what: str) -> LoginFailed:
    detail = (
        f"The login provider could not be asked: {what}. Try again in a minute, or log in with a"
        " key."
    )
    return LoginFailed(503, "oidc_provider_away", detail, what)


def odd(what: str) -> LoginFailed:
    detail = (
        f"The login provider cannot be used: {what}. Log in with a key, and have whoever runs this"
        " look: coachcal doctor."
    )
    return LoginFailed(502, "oidc_provider_odd", detail, what)


def invalid(what: str) -> LoginFailed:
    detail = (
        f"What the login provider says of you is not to be believed: {what}. Log in again; if it"
        " stays so, have whoever runs this compare the COACHCAL_OIDC settings with the provider."
    )
    return LoginFailed(403, "oidc_token_invalid", detail)


def clocks_apart() -> LoginFailed:
    detail = (
        "The clocks of the login provider and of this machine are more than a minute apart, or the"
        " login took too long. Log in again; if it stays so, have both clocks synchronised (NTP)."
    )
    return LoginFailed(403, "oidc_clocks_apart", detail)


def nonce_wrong() -> LoginFailed:
    detail = (
        "The login provider answered another login than the one that was begun here. Log in again."
    )
    return LoginFailed(403, "oidc_nonce_wrong", detail)


def over() -> LoginFailed:
    detail = (
        "This login is over: it was used already, or is too old, or was begun in another browser."
        " Log in again."
    )
    return LoginFailed(403, "oidc_login_over", detail)


def client_refused() -> LoginFailed:
    detail = (
        "The login provider refuses this product itself. Log in with a key, and have whoever runs"
        " this compare COACHCAL_OIDC_CLIENT_ID and COACHCAL_OIDC_CLIENT_SECRET with the provider."
    )
    return LoginFailed(502, "oidc_client_refused", detail)


def denied() -> LoginFailed:
    detail = (
        "The login provider let nobody in: the login was called off there, or your account may not"
        " use this product. Log in again, or ask whoever looks after accounts there."
    )
    return LoginFailed(403, "oidc_denied", detail)


def no_group() -> LoginFailed:
    detail = (
        "The login provider knows you, but you are in no group that may be here. Ask whoever looks"
        " after accounts there to put you into one of COACHCAL_OIDC_ACT_GROUPS or"
        " COACHCAL_OIDC_READ_GROUPS, then log in again."
    )
    return LoginFailed(403, "oidc_no_group", detail)
