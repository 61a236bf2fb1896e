"""Settings come from the environment, and a wrong one is told by its variable's name."""

import pytest
from click.testing import CliRunner
from pydantic import ValidationError

from tests.workers.needed_settings import NEEDED, NEW, OLD
from webhooks.cli import main
from workers.settings import Settings


def test_lists_are_written_with_commas_and_the_first_comes_first(
    environment: pytest.MonkeyPatch,
) -> None:
    settings = Settings.load()
    assert [key.get_secret_value() for key in settings.secret_keys] == [NEW, OLD]
    assert [key.get_secret_value() for key in settings.cronofy_client_secrets] == ["s1", "s2"]
    assert settings.base_url == "http://127.0.0.1:8000"


def test_no_secret_is_in_the_settings_text(environment: pytest.MonkeyPatch) -> None:
    assert NEW not in repr(Settings())  # type: ignore[call-arg]
    environment.setenv("COACHCAL_SECRET_KEYS", "hunter2")
    with pytest.raises(ValidationError) as wrong:
        Settings.load()
    assert "hunter2" not in str(wrong.value)


@pytest.mark.parametrize("name", sorted(NEEDED))
def test_a_missing_variable_stops_every_command_and_is_named(
    environment: pytest.MonkeyPatch, name: str
) -> None:
    environment.delenv(name)
    result = CliRunner().invoke(main, ["migrate"])
    assert result.exit_code == 1
    assert name in result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("COACHCAL_CRONOFY_DATA_CENTER", "mars"),
        ("COACHCAL_MINIMUM_GAP_SECONDS", "0"),
        ("COACHCAL_SWEEP_SECONDS", "60"),
        ("COACHCAL_MAILER", "memory"),
        ("COACHCAL_PUBLIC_URL", "not a url"),
        ("COACHCAL_SECRET_KEYS", ","),
        ("COACHCAL_MAIL_FROM", "Coaching <grâce@example.test>"),
        ("COACHCAL_MAIL_ORGANIZER", "grâce@example.test"),
    ],
)
def test_a_wrong_value_is_refused(environment: pytest.MonkeyPatch, name: str, value: str) -> None:
    environment.setenv(name, value)
    with pytest.raises(ValidationError):
        Settings.load()
