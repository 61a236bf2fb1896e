"""The default texts: workers/templates/{language}/{kind}.txt, whose first line is the subject."""

from functools import cache
from importlib.resources import files

from domain.mail import LANGUAGES, TEXT_KINDS
from domain.mail.choice import default_language

SUMMARIES = ("participant", "coach", "anybody")
FILES = (*TEXT_KINDS, "summary", "support", "place", "invitation")


def default(kind: str, language: str) -> tuple[str, str, str]:
    """(language, subject, source in `markup`) of the default text nearest to a language tag. A kind
    that is not written in it is told in English, the whole mail.
    """
    spoken = _spoken(language, kind)
    subject, _, source = _read(f"{spoken}/{kind}.txt").partition("\n")
    return spoken, subject, source


def summary(language: str, reader: str) -> str:
    """What the calendar shows, for one of SUMMARIES."""
    lines = _read(f"{_spoken(language, 'summary')}/summary.txt").splitlines()
    return lines[SUMMARIES.index(reader)]


def support(language: str) -> str:
    """The line that names whom to ask."""
    return _read(f"{_spoken(language, 'support')}/support.txt").strip()


def link_follows(language: str) -> str:
    """What stands for the place of a video call whose link is not there yet."""
    return _read(f"{_spoken(language, 'place')}/place.txt").strip()


def invitation(language: str) -> str:
    """What a coach does whose calendar gets a session as an invitation."""
    return _read(f"{_spoken(language, 'invitation')}/invitation.txt").strip()


def layout(language: str, direction: str, body: str, preheader: str = "") -> str:
    """A whole page around a body. It asks for {{subject}}.
    `preheader`: HTML that only a list of mails shows.
    """
    page = _read("layout.html").replace("(language)", language).replace("(direction)", direction)
    # The body last: what it holds is somebody's text, in which "(preheader)" means nothing.
    return page.replace("(preheader)", preheader).replace("(body)", body)


@cache
def missing(language: str) -> frozenset[str]:
    """Those of FILES that one of LANGUAGES lacks."""
    folder = files("workers").joinpath("templates", language)
    return frozenset(name for name in FILES if not folder.joinpath(f"{name}.txt").is_file())


def _spoken(tag: str, name: str) -> str:
    spoken = default_language(tag)
    return LANGUAGES[0] if name in missing(spoken) else spoken


@cache
def _read(path: str) -> str:
    return files("workers").joinpath("templates", *path.split("/")).read_text("utf-8")
