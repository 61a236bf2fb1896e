"""The pages of the laptop, each with little and with much in it: the post box, the sandbox and the
index of the demo, around a product that is served in this process.
"""

import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import IO

from tests.browser.conftest import Site
from tests.domain.letters import NOW as WRITTEN
from tests.domain.letters import SENDER
from tests.support import people
from tests.support.sandbox import Sandbox
from tests.webhooks.demo.box import send
from webhooks.demo.http_server import HOST, serving
from webhooks.demo.index import Index
from webhooks.demo.index_pages import create_app
from webhooks.demo.people import DemoPerson
from webhooks.demo.postbox import Postbox
from webhooks.demo.processes import Processes
from webhooks.demo.stage import SCOPES, Api, Stage
from workers.cronofy.sandbox.conferencing_state import SandboxService
from workers.cronofy.sandbox.seeds import Seed
from workers.mailer import letters
from workers.mailer.message import serialise

LONG = "A session that was moved, " * 12
"""312 characters."""
WORD = "x" * 300
NOW = people.NOW
NAMES = ("web", "worker", "clock", "sandbox")

ASKED = "response_type=code&client_id={client}&redirect_uri=https://a.test"
PATHS = {
    "index": {"index": "/", "index-not-there": "/as/coach/nobody"},
    "postbox": {
        "postbox": "/",
        "postbox-older": "/?before=2",
        "postbox-mail": "/mails/1",
        "postbox-part": "/mails/1/html",
        "postbox-not-there": "/mails/999",
    },
    "sandbox": {
        "sandbox": "/",
        "sandbox-consent": f"/oauth/authorize?{ASKED}",
        "sandbox-relink": "/relink/{profile}",
        "sandbox-service": "/conferencing/{profile}",
        "sandbox-service-relink": "/conferencing/relink/{profile}",
        "sandbox-problem": "/oauth/authorize",
    },
}
"""The pages of each app, by name: see `Laptop.fill`."""


def sleeper(
    _words: Sequence[str], _env: Mapping[str, str], log: IO[bytes]
) -> subprocess.Popen[bytes]:
    """A real process that does nothing, until it is ended."""
    return subprocess.Popen(
        [sys.executable, "-S", "-c", "import time; time.sleep(600)"],
        stdout=log,
        stderr=log,
        start_new_session=True,
    )


@dataclass(frozen=True)
class Laptop:
    index: str
    postbox: Postbox
    sandbox: Sandbox
    processes: Processes

    @property
    def paths(self) -> dict[str, str]:
        """Where each page is, by name."""
        origins = {
            "index": self.index,
            "postbox": self.postbox.url,
            "sandbox": self.sandbox.origin,
        }
        [profile] = self.sandbox.accounts[0].profiles
        self._ask_for_a_service(profile)
        found = {}
        for app, paths in PATHS.items():
            for name, path in paths.items():
                found[name] = origins[app] + path.format(
                    client=self.sandbox.client_id, profile=profile
                )
        return found

    def _ask_for_a_service(self, name: str) -> None:
        """A page that was asked for, and an account that lost its login, both of this name."""
        ours, sub = self.sandbox.world.conferencing, self.sandbox.accounts[0].sub
        ours.asked[name] = (sub, "https://a.test")
        ours.profiles[name] = SandboxService(name, sub, "zoom", "Ada", connected=False)

    def fill(self) -> None:
        """Mails as ours are, and an event."""
        for kind in ("booked", "coach_booked"):
            mail = letters.preview(kind, "en", None, sender=SENDER, now=WRITTEN)
            send(self.postbox, serialise(mail), mail.to.email)
        self.add("Dentist", days=1)

    def overfill(self) -> None:
        """Texts that are far too long, in a mail and in an event."""
        for number, text in enumerate((LONG, WORD)):
            message = EmailMessage()
            message["Subject"], message["From"] = text, f"{WORD}@example.com"
            message.set_content(f"{WORD}\n{LONG}")
            send(self.postbox, message.as_bytes())
            self.add(text, days=2 + number)

    def add(self, title: str, *, days: int) -> None:
        [calendar, *_] = self.sandbox.accounts[0].calendars
        start = NOW + timedelta(days=days, hours=2)
        self.sandbox.control.add_event(calendar, start, start + timedelta(hours=1), summary=title)


@contextmanager
def opened(site: Site, folder: Path) -> Iterator[Laptop]:
    """All of it, empty, with Ada for a coach; gone when the block ends."""
    ada = DemoPerson("ada", "Ada", "google", "Europe/London", folder / "ada.ics")
    with ExitStack() as stack:
        processes = Processes(folder, sleeper)
        stack.callback(processes.stop)
        for name in NAMES:
            processes.start(name, env={})
        box = stack.enter_context(Postbox.open(now=lambda: NOW))
        seeds = [Seed("Ada Lovelace", "ada@example.com"), Seed("Grace Hopper", "g@example.com")]
        sandbox = stack.enter_context(Sandbox(now=NOW, seeds=seeds))
        people.ready(site.desk.database, people.MAILED)
        key = site.desk.key(*SCOPES)
        api = Api(site.origin, key)
        scene = Stage(sandbox.control, api, site.origin, sandbox.origin, box, key, processes)
        port = stack.enter_context(serving(create_app(Index(scene, [ada])), "index"))
        yield Laptop(f"http://{HOST}:{port}", box, sandbox, processes)
