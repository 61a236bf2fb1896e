"""What becomes of a session whose event the coach changed in their calendar, on "More settings"."""

from dataclasses import replace
from typing import cast

from domain.coaches import Coach
from domain.errors import one_of
from domain.event_differences import POLICIES, EventPolicy
from storage.schema.database import Tx
from storage.transactions.coach_settings import CoachChange
from webhooks.pages.more_rows import store
from webhooks.pages.more_sections import Form, Section, Sent, Values

NAME = "event_policy"


def shown(_tx: Tx, coach: Coach, _typed: Form | None) -> Values:
    return {"chosen": coach.event_policy, "policies": POLICIES}


def save(tx: Tx, sent: Sent) -> CoachChange:
    chosen = cast(EventPolicy, one_of(NAME, sent.form.get(NAME), POLICIES))

    def change(coach: Coach) -> Coach:
        return replace(coach, event_policy=chosen)

    return store(tx, sent, change)


SECTION = Section(NAME, shown, save)
