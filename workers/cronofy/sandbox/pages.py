"""What a person sees in a browser:
the home page with forms to act as the calendar's owner, and the relink page.
"""

from datetime import datetime, timedelta
from typing import get_args

from flask import redirect, render_template, request
from werkzeug.wrappers import Response

from workers.cronofy.sandbox import accounts, person_actions, state
from workers.cronofy.sandbox.control_requests import reply_in, status_in
from workers.cronofy.sandbox.errors import ControlError
from workers.cronofy.sandbox.reading import span
from workers.cronofy.sandbox.responses import current_world
from workers.cronofy.sandbox.times import Moment, instant, whole_day
from workers.cronofy.sandbox.world import FreeBusy, SandboxAccount, World

UPCOMING = 15
LATEST_PUSHES = 10
MOST_PEOPLE = 50
"""On one page; of more, the newest."""


def home() -> str:
    """GET /."""
    world = current_world()
    people, more = newest(world)
    writable = []
    for account in people:
        for calendar in account.calendars():
            if not calendar.deleted and not calendar.readonly:
                writable.append(calendar)
    return render_template(
        "home.html",
        now=world.clock.second(),
        people=[(account, _upcoming(world, account)) for account in people],
        more=more,
        tomorrow=(world.clock.now() + timedelta(days=1)).date(),
        writable=writable,
        statuses=get_args(FreeBusy),
        deliveries=world.pushes.show()["deliveries"][: -LATEST_PUSHES - 1 : -1],
    )


def newest(world: World) -> tuple[list[SandboxAccount], int]:
    """The people whom a page shows, the oldest of them first, and how many more there are."""
    everybody = list(world.accounts.values())
    shown = everybody[-MOST_PEOPLE:]
    return shown, len(everybody) - len(shown)


def add_event() -> Response:
    """POST /event: `calendar`,
    `start` and `end` as local wall times of the calendar's owner, `summary`, `status`.
    """
    world, form = current_world(), request.form
    calendar = world.calendar(form.get("calendar", ""))
    zone = calendar.profile.account.zoneinfo
    try:
        start = instant(datetime.fromisoformat(form.get("start", "")), zone)
        end = instant(datetime.fromisoformat(form.get("end", "")), zone)
    except ValueError as error:
        raise ControlError("start and end are local times like 2026-11-03T09:00", 422) from error
    status = status_in(form.get("status") or "busy")
    draft = person_actions.Draft(start, end, form.get("summary") or "Busy", status)
    person_actions.add(world, calendar, [draft])
    return redirect("/", 303)


def delete_event() -> Response:
    """POST /event/delete: `event`."""
    person_actions.delete(current_world(), request.form.get("event", ""))
    return redirect("/", 303)


def reply_event() -> Response:
    """POST /event/reply: `event`, `reply`."""
    said = reply_in(request.form.get("reply"))
    person_actions.reply(current_world(), request.form.get("event", ""), said)
    return redirect("/", 303)


def break_profile(profile_id: str) -> Response:
    """POST /profile/{id}/break."""
    world = current_world()
    accounts.break_profile(world, world.profile(profile_id), noticed=True)
    return redirect("/", 303)


def ask_relink(profile_id: str) -> str:
    """GET /relink/{id}: where `profile_relink_url` leads."""
    return render_template("relink.html", profile=current_world().profile(profile_id), done=False)


def relink(profile_id: str) -> str:
    """POST /relink/{id}: the person logs in again."""
    world = current_world()
    profile = world.profile(profile_id)
    accounts.relink(world, profile)
    return render_template("relink.html", profile=profile, done=True)


def _upcoming(world: World, account: SandboxAccount) -> list[dict[str, str]]:
    """The person's truth, which Cronofy may not have seen yet."""
    # In the person's zone: this page is their own calendar, not what the API shows of it.
    now, zone = world.clock.now(), account.zoneinfo
    coming = []
    for calendar in account.calendars():
        for event in calendar.events.values():
            start, end = span(event, zone)
            # One that was declined leaves the person's calendar.
            if end > now and not event.deleted and event.invitation != "declined":
                shown = {
                    "uid": event.uid,
                    "calendar": calendar.name,
                    "summary": event.summary,
                    "status": event.free_busy,
                    "invitation": event.invitation or "",
                    "from": _local(event.start, start.astimezone(zone)),
                    "to": _local(event.end, end.astimezone(zone)),
                }
                coming.append(((start, end), shown))
    coming.sort(key=lambda one: one[0])
    return [shown for _, shown in coming[:UPCOMING]]


def _local(moment: Moment, there: datetime) -> str:
    if whole_day(moment):
        return state.moment_text(there.date())
    return f"{there:%a %d %b %H:%M}"
