"""G7: mails as they were received, against what was owed: none missing, none invented, twice only
where nobody can know, in order, and a CANCEL only where there was a REQUEST.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from tests.chaos.checks.invitations import Read, read
from tests.chaos.checks.owed import ENDINGS, REMINDER, REQUESTS, about_bookings
from tests.chaos.checks.rows import grouped, outbox
from tests.chaos.evidence import Evidence, Row, Violation


def received(evidence: Evidence) -> Iterator[Violation]:
    """Each mail that was sent arrived, at its recipient; each that arrived was owed, and left no
    more often than its row admits.
    """
    rows = {row["message_id"]: row for row in outbox(evidence, "mail")}
    arrived = grouped(map(read, evidence.letters), lambda each: each.digest)
    for digest, row in rows.items():
        if row["state"] == "sent" and digest not in arrived:
            what = f"mail {row['id']} ({row['topic']}) is sent, and never arrived"
            yield Violation("G6", what, "lost")
    for digest, copies in arrived.items():
        if digest not in rows:
            yield Violation("G7", f"a mail {digest} arrived that nobody owed", "doubled")
            continue
        row = rows[digest]
        wrong = {each.letter.recipient for each in copies if not _is(each.letter.recipient, row)}
        if wrong:
            yield Violation("G7", f"mail {row['id']} arrived at {sorted(wrong)}")
        yield from _copies(row, copies)


def _is(recipient: str, row: Row) -> bool:
    return recipient.casefold() == str(row["recipient"]).casefold()


def _copies(row: Row, copies: Sequence[Read]) -> Iterator[Violation]:
    admitted = row["unsure"] + int(row["state"] in ("sent", "sending"))
    if len(copies) > admitted:
        count = f"arrived {len(copies)} times, and is {row['state']} with {row['unsure']} unsure"
        yield Violation("G7", f"mail {row['id']} ({row['topic']}) {count}", "doubled")
    if len({(each.method, each.uid, each.sequence, each.start) for each in copies}) > 1:
        yield Violation("G7", f"mail {row['id']} arrived twice, and not the same")


def order(evidence: Evidence) -> Iterator[Violation]:
    """By booking and recipient, each mail's first arrival: versions only grow, as does SEQUENCE;
    one UID for life.
    """
    for (booking_id, recipient), heard in _threads(evidence).items():
        where = f"booking {booking_id} to {recipient}"
        versions = [row["version"] for row, _ in heard if row["topic"] != REMINDER]
        if versions != sorted(versions):
            yield Violation("G7", f"{where}: versions arrived as {versions}")
        invited = [each for _, each in heard if each.method]
        sequences = [each.sequence for each in invited]
        if any(one >= two for one, two in pairwise(sequences)):
            yield Violation("G7", f"{where}: SEQUENCE went {sequences}")
        if len({each.uid for each in invited}) > 1:
            yield Violation("G7", f"{where}: several UIDs")


def cancel_after_request(evidence: Evidence) -> Iterator[Violation]:
    """What was never announced is not called off: neither by a METHOD, nor by words alone. A
    reminder announces in words.
    """
    owed = grouped(about_bookings(evidence), lambda row: (row["booking_id"], row["recipient"]))
    for key, heard in _threads(evidence).items():
        # One that may have been taken must be called off: nobody can know. A reader who was owed no
        # announcement, because her address is another now, is told of the end.
        telling = [row for row in owed[key] if row["topic"] not in ENDINGS]
        announced = not telling or any(row["unsure"] for row in telling)
        invited = any(row["unsure"] for row in telling if row["topic"] in REQUESTS)
        for row, each in heard:
            announced = announced or row["topic"] not in ENDINGS
            invited = invited or each.method == "REQUEST"
            silent = row["topic"] in ENDINGS and not announced
            if silent or (each.method == "CANCEL" and telling and not invited):
                what = f"{row['topic']} arrived without a request before it"
                yield Violation("G7", f"booking {key[0]} to {key[1]}: {what} (mail {row['id']})")


def _threads(evidence: Evidence) -> dict[tuple[str, str], list[tuple[Row, Read]]]:
    """By booking and recipient, the first arrival of each mail about it, in order of arrival."""
    rows = {row["message_id"]: row for row in about_bookings(evidence)}
    heard = []
    for digest, copies in grouped(map(read, evidence.letters), lambda each: each.digest).items():
        if digest in rows:
            heard.append((rows[digest], min(copies, key=lambda each: each.letter.taken)))
    heard.sort(key=lambda pair: pair[1].letter.taken)
    return grouped(heard, lambda pair: (pair[0]["booking_id"], pair[0]["recipient"]))
