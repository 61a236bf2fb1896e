"""What a page weighs with all that it loads, uncompressed; and a coach with more accounts than
anybody has.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from domain.accounts import Calendar, Profile
from tests.support import people
from tests.support.http_client import Desk

MOST_BYTES = 60_000
LANGUAGES = ("en", "de", "fr", "ja", "ar")
"""The first, two with long words, and two whose letters take more bytes."""
LONG = "Hubertine Wolfeschlegelsteinhausenbergerdorff-Featherstonehaugh von und zu Fürstenfeldbruck"
ACCOUNTS, CALENDARS = 6, 40
LOADED = re.compile(r'<(?:link|script|img)\b[^>]*?(?:href|src)="(/[^"]+)"')
IMPORTED = re.compile(r'\bfrom "\./([\w.-]+)"')


def loaded(text: str) -> Iterator[str]:
    """What a page, or a script of one, loads besides."""
    yield from LOADED.findall(text)
    for name in IMPORTED.findall(text):
        yield f"/pages/static/{name}"


def weight(client: Any, path: str, *statuses: int) -> dict[str, int]:
    """The bytes of a page and of each thing that it loads, by their paths."""
    page = client.get(path, buffered=True)
    assert page.status_code in (statuses or (200,)), page.text
    return weighed(client, path, page)


def weighed(client: Any, path: str, page: Any) -> dict[str, int]:
    found, texts = {path: len(page.data)}, [page.text]
    while texts:
        for name in loaded(texts.pop()):
            if name not in found:
                part = client.get(name, buffered=True)
                assert part.status_code == 200, name
                found[name] = len(part.data)
                texts.append(part.text)
    return found


def light(found: dict[str, int]) -> None:
    assert len(found) > 2, found  # a style sheet and an icon besides
    assert sum(found.values()) <= MOST_BYTES, (sum(found.values()), found)


def many_accounts(desk: Desk) -> None:
    """Ada's, with more calendars than anybody has, of long names."""
    database = desk.database
    people.introduce(database, replace(people.MAILED, name=LONG))
    for number in range(ACCOUNTS):
        share = range(number, CALENDARS, ACCOUNTS)
        calendars = [
            Calendar(f"cal_{each:024}", f"Team {each} of {LONG[:24]}", primary=each == number)
            for each in share
        ]
        name = f"{LONG[:40]}@{number}.test"
        profile = Profile(f"pro_{number}", "google", "gsuite", name, calendars=tuple(calendars))
        connection_id = people.connect(database, sub=f"acc_{number}")
        account = replace(people.ACCOUNT, sub=f"acc_{number}", profiles=(profile,))
        people.read(database, connection_id, (people.at(2, 9 + number), people.at(2, 10)),
                    account=account)  # fmt: skip
