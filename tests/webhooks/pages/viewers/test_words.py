"""The words for coaches and programme managers are there in every language."""

from pathlib import Path

import pytest

from tests.support.http_client import Desk
from tests.webhooks.pages.viewers.kit import CLOSED, come
from webhooks import pages

WORDS = Path(pages.__file__).parent / "words"


@pytest.mark.parametrize(
    ("language", "says"), [("de", "Diese Zeit ist geschlossen."), ("fr", "Cet horaire est fermé.")]
)
def test_staff_are_spoken_to_in_their_language(one_desk: Desk, language: str, says: str) -> None:
    coach = come(one_desk, "coach", language=language)
    pages_ = [
        coach.get(path).text for path in ("/book", f"/book/confirm?start={CLOSED}&duration=60")
    ]
    assert says in pages_[1]
    assert "Session" not in pages_[0]
