"""What coaches did to our events: each is told once, nobody is said to have done what they did not,
and in the end each is settled as its policy has it.
"""

from collections.abc import Iterator

from tests.chaos.checks.rows import by_id, grouped, json_of, outbox
from tests.chaos.evidence import Evidence, Operation, Row, Violation

TOPICS = {"event_moved": "moved", "event_deleted": "deleted", "event_declined": "declined"}
SETTLED = "settled"


def done(evidence: Evidence, session_id: str | None = None) -> list[Operation]:
    """The deeds that reached a calendar, of one session or of all, in their order."""
    deeds = [each for each in evidence.operations if each.kind == "deed" and each.status != 404]
    if session_id is None:
        return deeds
    return [each for each in deeds if each.request["session_id"] == session_id]


def unsettled(evidence: Evidence) -> dict[str, Row]:
    """By session, what of its event is not as the session says, and waits for somebody."""
    found = {}
    for row in evidence.tables.get("event_differences", ()):
        if row["kind"] != SETTLED:
            found[row["session_id"]] = row
    return found


def policies(evidence: Evidence) -> dict[str, str]:
    return {row["id"]: row.get("event_policy", "ask") for row in evidence.tables["coaches"]}


def deeds(evidence: Evidence) -> Iterator[Violation]:
    """Each difference in the end is somebody's deed, and no policy leaves what it settles."""
    sessions, chosen = by_id(evidence.tables["sessions"]), policies(evidence)
    for session_id, row in unsettled(evidence).items():
        policy = chosen[sessions[session_id]["coach_id"]]
        what = f"{session_id} is said to be {row['kind']} ({row['starts']} to {row['ends']})"
        if not any(_explains(deed, row) for deed in done(evidence, session_id)):
            yield Violation("G6", f"{what}, and nobody did that")
        # What the provider does not let us take back is asked about.
        if policy == "restore" and row["kind"] != "declined":
            yield Violation("G6", f"{what}, and is to be restored")


def _explains(deed: Operation, row: Row) -> bool:
    request = deed.request
    if request["what"] != row["kind"]:
        return False
    if row["kind"] != "moved":
        return True
    return (request["start"], request["end"]) == (row["starts"], row["ends"])


def asked_once(evidence: Evidence) -> Iterator[Violation]:
    """One mail for each episode, of what was done; and one for each that is not settled."""
    mails = [row for row in outbox(evidence, "mail") if row["topic"] in TOPICS]
    episodes = grouped(mails, lambda row: (row["session_id"], json_of(row["payload"])["nonce"]))
    for (session_id, token), same in episodes.items():
        kind = TOPICS[same[0]["topic"]]
        if len(same) > 1:
            what = f"{len(same)} mails to the coach about one change ({token}) of {session_id}"
            yield Violation("G6", what, "doubled")
        if kind not in [deed.request["what"] for deed in done(evidence, session_id)]:
            yield Violation("G6", f"the coach is mailed that {session_id} was {kind}: it was not")
    for session_id, row in unsettled(evidence).items():
        if (session_id, row["token"]) not in episodes:
            what = f"{session_id} is {row['kind']} in the calendar, and its coach was not asked"
            yield Violation("G6", what, "lost")
