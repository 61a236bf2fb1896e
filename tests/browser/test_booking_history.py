"""What happened to a group, as its coach reads it: on every screen, in every look."""

from typing import Any

import pytest

from tests.browser.booking_page import ACME, ready, staff
from tests.browser.conftest import Site
from tests.browser.readers import at_peace, violations
from tests.browser.screens import LOOKS, SIZES
from tests.support.booking_requests import POD, post, send
from tests.support.page_visitor import HEDY

START = {"start": "2026-06-05T13:00:00Z"}
MOVED = {"start": "2026-06-05T14:00:00Z"}


@pytest.mark.parametrize("screen", SIZES, ids=["1440", "360"])
def test_a_coach_reads_what_happened(one_site: Site, screen: dict[str, Any]) -> None:
    ready(one_site)
    wanted = POD | START | {"participants": [HEDY], "context": ACME}
    made = post(one_site.desk, "/v1/pods", wanted).json["session_id"]
    send(one_site.desk, "PATCH", f"/v1/pods/{made}", MOVED)
    with staff(one_site, "coach", **screen) as seen:
        page = seen.page
        page.goto(f"/book/groups/{made}")
        lines = page.locator("#history li").all_inner_texts()
        assert [line.split("\n")[0] for line in lines] == [
            "Moved; it was to begin on Fri 5 Jun, 14:00 by the programme",
            "Hedy Lamarr: The session is booked by the programme",
        ]
        assert page.evaluate("document.documentElement.scrollWidth") == screen["width"]
        for look in LOOKS:
            page.emulate_media(**look)
            assert violations(page) == [], look
        at_peace(seen, one_site)
