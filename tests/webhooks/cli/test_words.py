"""What a language lacks is counted, for people, for programs, and for whoever releases."""

import json

import pytest

from domain.mail import LANGUAGES
from tests.webhooks.cli.dead_ends import run
from webhooks.cli.words import LACKS
from webhooks.http import translations
from webhooks.http.translations import catalogue, read


def test_nothing_is_lacking() -> None:
    assert run("words").output.splitlines()[-1] == "0 lacking"
    done = run("words", "--json", "--strict")
    assert done.exit_code == 0, done.output
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["language"] for row in rows] == list(LANGUAGES[1:])
    assert {tuple(row[kind]) for row in rows for kind in LACKS} == {()}


def test_what_is_lacking_is_named_and_fails_whoever_is_strict(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known = {language: catalogue(language) for language in LANGUAGES}
    known["it"] = read(b'msgctxt "skip"\nmsgid "Skip"\nmsgstr "Salta"\n', "it")
    monkeypatch.setattr(translations, "catalogue", known.__getitem__)
    lenient, strict = run("words"), run("words", "--strict")
    assert (lenient.exit_code, strict.exit_code) == (0, 1)
    texts = len(known["en"].texts)
    assert f"it     {texts} texts, {texts - 1} missing, 1 outdated, 0 unknown" in lenient.output
    assert "outdated: skip" in lenient.output
    assert "add-a-language" in strict.output
