"""What the demo's index tells: which of its parts run, asked at each look, and fresh links for
whoever clicks.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import requests

from webhooks.demo import sessions
from webhooks.demo.people import DemoPerson
from webhooks.demo.processes import StepFailed
from webhooks.demo.stage import Stage

LOOK_SECONDS = 2.0
"""How long a part may take to answer before it is called silent."""


@dataclass(frozen=True, slots=True)
class DemoPart:
    """`url` is for a browser, empty where there are no pages. `trouble` says why it does not
    serve; empty: it does.
    """

    name: str
    does: str
    url: str
    trouble: str


class Index:
    """Of one stage and the coaches who play on it. Safe to share between threads."""

    def __init__(self, stage: Stage, coaches: Sequence[DemoPerson]) -> None:
        self.stage = stage
        self.coaches = tuple(coaches)

    def parts(self) -> list[DemoPart]:
        """As they are now: processes are looked at, servers are asked."""
        stage = self.stage
        web, sandbox, box = stage.web_url, stage.sandbox_url, stage.postbox.url
        web_trouble = self._trouble("web", f"{web}/readyz")
        sandbox_trouble = self._trouble("sandbox", f"{sandbox}/sandbox/clock")
        box_trouble = _silent(f"{box}/static/favicon.svg")
        worker, clock = stage.processes.trouble("worker"), stage.processes.trouble("clock")
        calendars = "the coaches' calendars, and the demo's clock"
        return [
            DemoPart("Web", "answers the pages and the API", web, web_trouble),
            DemoPart("Worker", "reads calendars; sends mails and calendar entries", "", worker),
            DemoPart("Clock", "wakes what is owed and was not woken", "", clock),
            DemoPart("Sandbox Cronofy", calendars, sandbox, sandbox_trouble),
            DemoPart("Post box", "takes every mail, and hands none on", box, box_trouble),
        ]

    def link(self, coach_id: str, viewer: str) -> str:
        """What Coach OS asks for when somebody clicks: it opens once, within ten minutes. The
        viewer `settings` gets the coach's own. Raises StepFailed, saying why there is none.
        """
        body: dict[str, object] = {"purpose": "settings", "coach_id": coach_id, "language": "en"}
        if viewer != "settings":
            body |= {"purpose": "booking", "viewer": viewer}
            body |= {"participant": sessions.GRACE, "context": sessions.CONTEXT}
        try:
            return str(self.stage.api.post("/v1/links", body)["url"])
        except requests.RequestException as error:
            why = self.stage.processes.trouble("web") or f"it said: {error}"
            raise StepFailed(f"The web process made no link: {why}") from error

    def _trouble(self, name: str, url: str) -> str:
        return self.stage.processes.trouble(name) or _silent(url)


def _silent(url: str) -> str:
    """Why what is asked there does not serve; empty when it does."""
    try:
        with requests.Session() as asking:
            asking.trust_env = False  # a proxy of the machine's knows nothing of this one
            response = asking.get(url, timeout=LOOK_SECONDS)
    except requests.RequestException:
        return f"it does not answer within {LOOK_SECONDS:g} s"
    if response.ok:
        return ""
    return f"it answers {response.status_code}: {response.text[:300]}"
