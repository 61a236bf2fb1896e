"""Where callbacks go, and what signs them, is checked at the start, and told by the variable's
name.
"""

import base64

import pytest
from pydantic import ValidationError

from tests.support.callback_server import SECRET
from workers.settings import Settings

URL = "https://platform.example.test/told?by=coachcal"


def of_length(count: int) -> str:
    return "whsec_" + base64.b64encode(b"k" * count).decode()


@pytest.mark.parametrize(
    "url", [URL, "http://127.0.0.1:8000/", "http://localhost/", "http://[::1]:8000/told"]
)
@pytest.mark.parametrize(
    "secret", [SECRET, of_length(24), of_length(64), f"{SECRET}, {of_length(32)}"]
)
def test_https_or_this_machine_and_a_secret_are_taken(
    environment: pytest.MonkeyPatch, url: str, secret: str
) -> None:
    environment.setenv("COACHCAL_CALLBACK_URL", url)
    environment.setenv("COACHCAL_CALLBACK_SECRET", secret)
    settings = Settings.load()
    assert settings.callback_url == url
    assert [each.get_secret_value() for each in settings.callback_secret or ()] == secret.split(
        ", "
    )


def test_neither_is_needed(environment: pytest.MonkeyPatch) -> None:
    settings = Settings.load()
    assert (settings.callback_url, settings.callback_secret) == (None, None)


@pytest.mark.parametrize(
    ("url", "secret", "step"),
    [
        ("http://platform.example.test/", SECRET, "use https"),
        ("http://localhost.example.test/", SECRET, "use https"),
        ("ftp://platform.example.test/", SECRET, "write it as https://"),
        ("platform.example.test/told", SECRET, "write it as https://"),
        ("https:///told", SECRET, "write it as https://"),
        ("https://somebody:hunter2@platform.example.test/", SECRET, "leave user and password out"),
        (URL, "", "COACHCAL_CALLBACK_URL needs it"),
        (URL, None, "COACHCAL_CALLBACK_URL needs it"),
        (URL, "hunter2", "write it as whsec_"),
        (URL, SECRET.removeprefix("whsec_"), "write it as whsec_"),
        (URL, "whsec_hunter2 hunter2!", "write it as whsec_"),
        (URL, of_length(23), "write it as whsec_"),
        (URL, of_length(65), "write it as whsec_"),
        (URL, f"{SECRET},hunter2", "write it as whsec_"),
    ],
)
def test_what_could_not_work_or_is_not_safe_stops_the_start(
    environment: pytest.MonkeyPatch, url: str, secret: str | None, step: str
) -> None:
    environment.setenv("COACHCAL_CALLBACK_URL", url)
    if secret is not None:
        environment.setenv("COACHCAL_CALLBACK_SECRET", secret)
    with pytest.raises(ValidationError) as refused:
        Settings.load()
    assert step in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_neither_is_in_the_settings_text(environment: pytest.MonkeyPatch) -> None:
    """A path of somebody else's may be a secret too."""
    environment.setenv("COACHCAL_CALLBACK_URL", URL)
    environment.setenv("COACHCAL_CALLBACK_SECRET", SECRET)
    shown = repr(Settings.load())
    assert URL not in shown
    assert SECRET not in shown
