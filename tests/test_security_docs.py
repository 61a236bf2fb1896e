"""The page on security tells of all that is stored and of every secret; that the tests which it
names are there, is looked at with those of the other pages.
"""

import re

import pytest

from storage.schema.tables import metadata
from tests.docs.named_tests import NAMED_TEST, ROOT
from workers.settings import Settings, variable

PAGE = (ROOT / "docs/explanation/security.md").read_text()
STORED = PAGE.partition("\n## What is stored")[2].partition("\n### ")[0]
SECRETS = PAGE.partition("\n## Secrets, ")[2].partition("\n### ")[0]
UNPROVEN = {"Against whom", "Who can ask what", "What is not covered"}
SECTIONS = [
    part
    for part in re.split(r"^##+ ", PAGE, flags=re.MULTILINE)[1:]
    if part.split("\n")[0] not in UNPROVEN
]


def first_cells(part: str) -> str:
    return "\n".join(re.findall(r"^\| (.*?) \|", part, re.MULTILINE))


@pytest.mark.parametrize("table", sorted(metadata.tables))
def test_each_table_is_told(table: str) -> None:
    assert f"`{table}`" in first_cells(STORED)


def test_each_secret_setting_is_told_with_how_it_is_changed() -> None:
    kept = [
        name
        for name, field in Settings.model_fields.items()
        if "SecretStr" in str(field.annotation)
    ]
    secret = {variable(name) for name in kept} | {"DATABASE_URL", "REDIS_URL"}
    assert len(secret) >= 6
    assert [name for name in sorted(secret) if f"`{name}`" not in first_cells(SECRETS)] == []


@pytest.mark.parametrize("days", ["keep_mails_days", "keep_people_days"])
def test_how_long_people_are_kept_is_told_as_it_is(days: str) -> None:
    assert f"`{variable(days)}` ({Settings.model_fields[days].default})" in STORED


@pytest.mark.parametrize(
    "section", SECTIONS, ids=[section.partition("\n")[0] for section in SECTIONS]
)
def test_each_section_names_tests_that_prove_it(section: str) -> None:
    assert "Proof:" in section
    assert NAMED_TEST.search(section)


def test_no_address_of_a_person_is_where_holes_are_reported() -> None:
    report = (ROOT / "SECURITY.md").read_text()
    assert "private vulnerability reporting" in report
    assert "@" not in report
