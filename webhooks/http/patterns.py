"""The patterns that texts of a request have to match, each with the sentence that says so to
people: nobody is answered a pattern.
"""

from domain.coaches import ID as ID_CHARACTERS
from domain.mail import LANGUAGES

# Of a URL that people are sent to: no user information, no backslash, nothing that cannot be seen.
_HOST = r"[\w-][\w.-]*"
_REST = (
    r"(:\d{1,5})?"
    r"([/?#][^\s<>\"\\\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]*)?"
)
_URL = "without a user's name, blanks and what cannot be seen"

ID = f"^{ID_CHARACTERS}$"
NO_NUL = r"^[^\x00]*$"
LANGUAGE = "^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})?$"
PROVIDER = "^[a-z0-9_]{1,40}$"
TOKEN = "^[A-Za-z0-9_-]{1,64}$"  # noqa: S105 (no secret: the pattern of one)
PAGE_URL = rf"^https?://{_HOST}{_REST}$"
RETURN_URL = rf"^(https://{_HOST}|http://(localhost|127\.0\.0\.1)){_REST}$"

SENTENCES = {
    ID: "Send an id of 1 to 128 letters, digits and . _ ~ : @ + = -, and no other characters.",
    NO_NUL: "Leave the character NUL out of the text.",
    LANGUAGE: f"Send a language such as {', '.join(LANGUAGES[:2])} or en-GB.",
    PROVIDER: "Send a provider's name in small letters, such as google, or leave it out.",
    TOKEN: "Send the token as it stood in the answer.",
    PAGE_URL: f"Send a URL that begins with https:// or http://, {_URL}.",
    RETURN_URL: (
        f"Send a URL that begins with https:// (http:// only of localhost or 127.0.0.1), {_URL}."
    ),
}
