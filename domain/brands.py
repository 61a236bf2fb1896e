"""What mails and pages look like for one company: its name as the sender, whom people ask, one
colour, and a logo.

Any colour is taken. What is written on it is black or white, and where it is itself a text or a
line, it is darkened or lightened until it can be read there: contrast is kept, and nobody has to
know what it is.
"""

import re
import unicodedata
from dataclasses import dataclass, replace

from domain.errors import Invalid
from domain.mail import Sender
from domain.mail.safety import one_line
from domain.mail.support import Support

LONGEST_NAME = 60
READABLE = 4.5
"""To one, between a text and what it stands on (WCAG 2, 1.4.3)."""
BLACK, WHITE = "#000000", "#ffffff"
USUAL = "#1d4ed8"
"""Of the buttons in mails, where no colour is set."""
ON_LIGHT, ON_DARK = "#eef2f6", "#212933"
"""What pages write on in light and in dark: of their grounds those that leave least contrast."""
STEPS = 32
_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}", re.ASCII)
_SHOWN_WIDTH, _SHOWN_HEIGHT = 200, 40


@dataclass(frozen=True, slots=True)
class Logo:
    """`digest`: the picture's name, of its bytes; width and height in pixels."""

    digest: str
    width: int
    height: int

    @property
    def path(self) -> str:
        return f"/brand/{self.digest}.png"

    @property
    def shown(self) -> tuple[int, int]:
        """Width and height as it is shown, in CSS pixels: never larger than it is."""
        scale = min(1, _SHOWN_WIDTH / self.width, _SHOWN_HEIGHT / self.height)
        return max(1, round(self.width * scale)), max(1, round(self.height * scale))


@dataclass(frozen=True, slots=True)
class Brand:
    """What is None is as the deployment has it. `site`: where the logo is served, a URL without a
    slash at its end.
    """

    sender_name: str | None = None
    support: Support | None = None
    colour: str | None = None
    logo: Logo | None = None
    site: str = ""

    def over(self, usual: "Brand") -> "Brand":
        """This one, with the usual where it leaves something open."""
        return Brand(
            self.sender_name or usual.sender_name,
            self.support or usual.support,
            self.colour or usual.colour,
            self.logo or usual.logo,
            usual.site,
        )

    def signing(self, sender: Sender) -> Sender:
        """The sender under this name. The address stays, by which mail servers know us, and so does
        the organizer, of whom alone calendars take changes.
        """
        shown = replace(sender.mailbox, name=self.sender_name or sender.mailbox.name)
        return replace(sender, mailbox=shown, support=self.support or sender.support)


PLAIN = Brand()


def sender_name(text: str) -> str:
    """The name as it stands before our address. Raises Invalid for one that looks like another
    address, and for none.
    """
    name = one_line(text, LONGEST_NAME + 1)
    if "@" in unicodedata.normalize("NFKC", name):
        detail = "Send a name without an @: mails come from our address, whatever it is called."
        raise Invalid("sender_name", "holds_an_address", detail)
    if not 1 <= len(name) <= LONGEST_NAME:
        detail = f"Send a name of 1 to {LONGEST_NAME} characters, or null for the usual one."
        raise Invalid("sender_name", "invalid_length", detail)
    return name


def colour(field: str, text: str) -> str:
    """The colour in small letters. Raises Invalid for what is none."""
    if not _COLOUR.fullmatch(text):
        raise Invalid(field, "not_a_colour", "Send a colour as #rrggbb, such as #0b5394.")
    return text.lower()


def on(ground: str) -> str:
    """Black or white, whichever is read more easily on this colour: 4.58:1 or better on any."""
    return max((WHITE, BLACK), key=lambda text: contrast(text, ground))


def readable(shade: str, ground: str) -> str:
    """The shade as it is, or else mixed with black or white until it can be read on this ground."""
    goal = on(ground)
    for step in range(STEPS):
        mixed = _mixed(shade, goal, step / STEPS)
        if contrast(mixed, ground) >= READABLE:
            return mixed
    return goal


def contrast(one: str, other: str) -> float:
    """From 1 to 21, as WCAG 2 counts it."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(shade: str) -> float:
    red, green, blue = map(_linear, _channels(shade))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: int) -> float:
    part = channel / 255
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)


def _mixed(shade: str, goal: str, part: float) -> str:
    pairs = zip(_channels(shade), _channels(goal), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * part):02x}" for a, b in pairs)


def _channels(shade: str) -> tuple[int, int, int]:
    return int(shade[1:3], 16), int(shade[3:5], 16), int(shade[5:7], 16)
