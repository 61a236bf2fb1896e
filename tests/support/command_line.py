"""Commands as ops type them, run in this process."""

import pytest
from click.testing import CliRunner, Result

from tests.support.in_process import House, house
from webhooks.cli import main
from workers.settings import Settings, variable

__all__ = ["house"]


@pytest.fixture
def told(house: House, monkeypatch: pytest.MonkeyPatch) -> House:
    """The house, and its settings in the environment as a command finds them."""
    for name in Settings.model_fields:
        value = getattr(house.runtime.settings, name)
        if isinstance(value, tuple):
            value = ",".join(secret.get_secret_value() for secret in value)
        if value is not None:
            monkeypatch.setenv(variable(name), str(value))
    return house


def run(*arguments: str, input_: str | None = None) -> Result:
    return CliRunner().invoke(main, list(arguments), input=input_)
