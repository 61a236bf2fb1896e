"""Every page for people: by whom it is seen, and where it is."""

from collections import defaultdict

from storage.schema import tables
from tests.browser.conftest import Site
from tests.browser.settings_page import settings_link
from tests.support import changed_events, page_visitor, people
from tests.support.booking_requests import POD, post

Ids = defaultdict[str, str]
TAKEN, BUSY, OPEN = people.at(2, 9), people.at(3, 12), people.at(4, 9)
NAMES = {
    "participant": ("week", "move", "nothing-open", "confirm", "booked", "cancel", "refused",
                    "have", "problem", "feeds"),
    "coach": ("coach-week", "changes", "force", "group", "call-off"),
    "settings": ("settings", "disconnect", "more-settings"),
    "nobody": ("consent", "visit-over"),
}  # fmt: skip


def ready(site: Site) -> Ids:
    """Ada's week with a session of Grace's, which she moved in her calendar, and a group. Their
    ids.
    """
    connection_id = people.ready(site.desk.database, people.MAILED, (BUSY, people.at(3, 14)))
    booking_id = page_visitor.enter(site.desk).book(TAKEN)
    with site.desk.database.write() as tx:
        mine = tables.bookings.select().where(tables.bookings.c.id == booking_id)
        session_id = tx.execute(mine).one().session_id
        changed_events.found(tx, session_id, connection_id, (people.at(4, 14), people.at(4, 15)))
    pod = post(site.desk, "/v1/pods", POD | {"start": "2026-06-05T13:00:00Z"})
    found = {"connection": connection_id, "booking": booking_id, "pod": pod.json["session_id"]}
    return defaultdict(str, found)


def paths_of(viewer: str, ids: Ids) -> dict[str, str]:
    booking, confirm = f"/book/bookings/{ids['booking']}", "/book/confirm?duration=60&start="
    every: dict[str, str] = {
        "week": "/book?week=2026-06-01&duration=60",
        "move": f"/book?move={ids['booking']}",
        "nothing-open": "/book?week=2026-07-13",
        "confirm": f"{confirm}{OPEN}",
        "booked": booking,
        "cancel": f"{booking}/cancel",
        "refused": f"{confirm}{BUSY}",
        "have": f"{confirm}{TAKEN}",
        "problem": "/book/bookings/bkg_nobody",
        "coach-week": "/book?week=2026-06-01&duration=60",
        "changes": "/book/changes",
        "feeds": "/book/feeds",
        "force": f"{confirm}{BUSY}",
        "group": f"/book/groups/{ids['pod']}",
        "call-off": f"/book/groups/{ids['pod']}/off",
        "settings": "/settings",
        "disconnect": f"/settings/connections/{ids['connection']}/disconnect",
        "more-settings": "/settings/more",
        "consent": ids["consent"],
        "visit-over": "/book",
    }
    return {name: every[name] for name in NAMES[viewer]}


def link_of(site: Site, viewer: str, language: str = "en") -> str:
    if viewer == "settings":
        return settings_link(site, language)
    return page_visitor.path_of(page_visitor.link(site.desk, viewer=viewer, language=language))


def invited(site: Site) -> Ids:
    """Ada, who has not connected a calendar yet. Where she is asked to."""
    people.introduce(site.desk.database, people.MAILED)
    asked = {"provider": "google"}
    made = site.desk.ask("POST", "/v1/coaches/ada/connect", json=asked)
    return defaultdict(str, {"consent": "/c/" + made.json["authorize_url"].rpartition("/c/")[2]})
