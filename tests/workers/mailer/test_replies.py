"""What every reply of a mail server means: the whole table of RFC 3463 and its registry, and texts
as they are seen.
"""

import pytest

from workers.mailer.replies import Fate, Stage, fate, refusal

US, THEM = "coaching@us.example", "grace@school.example"

# Details that the registry of RFC 5248 has by now, by subject (RFC 3463, 6531, 6710, 7293, 7372,
# 7505, 8689).
REGISTRY = {0: 0, 1: 10, 2: 4, 3: 6, 4: 8, 5: 6, 6: 10, 7: 30}
NO_MAILBOX = {(1, 1), (1, 2), (1, 3), (1, 6), (1, 10), (2, 1)}
OURS = {(1, 7), (1, 8)}
OTHER = {(0, 0), (1, 0)}
THIS_ADDRESS = {(4, 1)}
TABLE = [(subject, detail) for subject, last in REGISTRY.items() for detail in range(last + 1)]


def of(reply: str, stage: Stage = "RCPT", sender: str = US, recipient: str = THEM) -> Fate:
    said = "\n".join(line[4:] for line in reply.splitlines())
    return fate(int(reply[:3]), said.encode(), stage, sender=sender, recipient=recipient)


def expected(subject: int, detail: int) -> Fate:
    if (subject, detail) in NO_MAILBOX:
        return "withheld"
    if subject == 6 or (subject, detail) == (3, 4):
        return "dead"
    if (subject, detail) in OURS or (
        subject in (3, 4, 5, 7) and (subject, detail) not in THIS_ADDRESS
    ):
        return "trouble"
    return "later"


@pytest.mark.parametrize(("subject", "detail"), TABLE)
def test_each_code_of_the_table_has_one_fate(subject: int, detail: int) -> None:
    code = f"{subject}.{detail}"
    assert of(f"550 5.{code} no such mailbox, says the table") == expected(subject, detail)
    assert of(f"554 5.{code}") == expected(subject, detail), "whatever the reply's own code is"
    if (subject, detail) not in OTHER:
        assert of(f"554 5.{code}", "DATA") == expected(subject, detail)
    # What passes is never final, and neither is a reply that contradicts itself.
    for passing in (f"450 4.{code}", f"550 4.{code}", f"450 5.{code}", f"550 2.{code}"):
        assert {of(passing), of(passing, "DATA")} == {"later"}
    # Nobody was named yet: it is about us, or about the size or the kind of the mail.
    final = "dead" if expected(subject, detail) == "dead" else "trouble"
    assert of(f"550 5.{code}", "MAIL") == of(f"552 5.{code}", "MAIL") == final
    assert of(f"450 4.{code}", "MAIL") == "trouble"
    assert of(f"421 5.{code}") == of(f"530 5.{code}", "DATA") == "trouble"


@pytest.mark.parametrize("subject", [8, 9, 42])
def test_a_subject_that_nobody_knows_withholds_nobody(subject: int) -> None:
    assert of(f"550 5.{subject}.1 what is this") == "later"


AS_SEEN: list[tuple[str, Fate]] = [
    ("550 5.1.1 The email account that you tried to reach does not exist.", "withheld"),
    (("550-5.1.1 The account does not exist. Please\n550-5.1.1 check the recipient's\n550"
" 5.1.1 - gsmtp"), "withheld"),
    (("550 5.1.1 <grace@school.example>: Recipient address rejected: User unknown in local"
" table"), "withheld"),
    ("550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup",
     "withheld"),
    ("550 5.2.1 The email account that you tried to reach is disabled.", "withheld"),
    ("550 Requested action not taken: mailbox unavailable", "withheld"),
    ("550 no such user here", "withheld"),
    ("550 User grace unknown", "withheld"),
    ("550 unrouteable address", "withheld"),
    ("550 Empfänger unbekannt", "withheld"),
    ("551 user not local; please try <grace@elsewhere.example>", "withheld"),
    ("553 sorry, no such mailbox", "withheld"),
    ("550 sorry, no mailbox here by that name. (#5.1.1)", "withheld"),
    ("550", "withheld"),
    # ours, the server's, a policy's, a list's
    ("550 5.1.8 <coaching@us.example>: Sender address rejected: Domain not found", "trouble"),
    ("550 5.1.7 <coaching@us.example>: Sender address rejected", "trouble"),
    ("550 5.1.0 <coaching@us.example>: Sender address rejected: User unknown", "trouble"),
    ("550 5.1.1 <coaching@us.example>: Sender address rejected: User unknown", "trouble"),
    (("550-Verification failed for <coaching@us.example>\n550-No such user\n550 Sender verify"
" failed"), "trouble"),
    ("550 <coaching@us.example> unknown", "trouble"),
    ("550 us.example has no MX", "trouble"),
    ("550 SPF check failed", "trouble"),
    ("550 5.7.23 SPF validation failed", "trouble"),
    ("550 DMARC: unauthenticated email from us.example", "trouble"),
    ("550 Blocked - see https://www.spamhaus.org/query/ip/192.0.2.1", "trouble"),
    ("550 5.1.1.5 is blacklisted", "trouble"),
    ("550 Your IP has a bad reputation", "trouble"),
    ("550 Administrative prohibition", "trouble"),
    ("550 Command rejected for policy reasons", "trouble"),
    ("553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)", "trouble"),
    ("554 Relay access denied", "trouble"),
    ("550 relaying denied", "trouble"),
    ("571 Delivery not authorized, message refused", "trouble"),
    ("530 Must issue a STARTTLS command first", "trouble"),
    ("503 need MAIL first", "trouble"),
    ("501 syntax error", "trouble"),
    ("521 host does not accept mail", "trouble"),
    ("550 5.3.0 <grace@school.example>... no", "trouble"),
    ("554 5.4.6 Too many hops", "trouble"),
    ("550 Absender abgelehnt", "trouble"),
    # something is broken, or it hurries: of the mailbox that says nothing
    ("550 internal error", "trouble"),
    ("550 LDAP lookup failed", "trouble"),
    ("550 Service unavailable", "trouble"),
    ("550 Connection frequency limited", "trouble"),
    ("550 unknown error", "trouble"),
    ("553 server busy", "trouble"),
    ("550 <grace@school.example>: message rejected", "later"),
    ("550 Zugriff verweigert", "later"),
    ("550 SMTP auth required", "trouble"),
    # one code for all that it refuses
    ("550 5.1.1 Relay access denied", "trouble"),
    ("550 5.1.1 blocked, see https://www.spamhaus.org/", "trouble"),
    ("550 5.2.1 Service unavailable; client host [192.0.2.1] blocked", "trouble"),
    ("550 5.2.1 The user you are trying to contact is receiving mail too quickly", "later"),
    ("550 5.1.1 User unknown; see our policy", "withheld"),
    # it passes
    ("552 5.2.2 mailbox full", "later"),
    ("552 Requested mail action aborted: exceeded storage allocation", "later"),
    ("550 Mailbox quota exceeded", "later"),
    ("550 5.4.1 Recipient address rejected: Access denied", "later"),
    ("550 Greylisted, please try again later", "later"),
    ("554 delivery error", "later"),
    ("556 domain does not accept mail", "later"),
    ("450 user unknown", "later"),
    ("450 4.7.1 Greylisted", "later"),
    # this mail alone
    ("552 5.3.4 Message size exceeds fixed limit", "dead"),
    ("552 message too large", "dead"),
    ("550 5.6.7 non-ASCII addresses not permitted", "dead"),
]  # fmt: skip


@pytest.mark.parametrize(("reply", "becomes"), AS_SEEN, ids=[reply[:40] for reply, _ in AS_SEEN])
def test_replies_to_a_recipient_as_they_are_seen(reply: str, becomes: Fate) -> None:
    assert of(reply) == becomes


@pytest.mark.parametrize(
    ("reply", "becomes"),
    [
        ("554 no such thing here", "dead"),
        ("552 too big", "dead"),
        ("550 5.6.0 malformed header", "dead"),
        ("552 over quota", "later"),
        ("554 5.7.1 looks like spam", "trouble"),
        ("554 message looks like spam", "trouble"),
        ("554 Blocked, see spamhaus", "trouble"),
        ("554 5.3.0 local configuration error", "trouble"),
        ("550 5.1.1 no such user", "withheld"),
        ("550 no such user", "dead"),
    ],
)
def test_replies_to_a_message(reply: str, becomes: Fate) -> None:
    assert of(reply, "DATA") == becomes


def test_an_address_s_own_words_are_not_the_server_s() -> None:
    assert (
        of("550 <policy@spam.example>: no such user: policy", recipient="policy@spam.example")
        == "withheld"
    )
    assert (
        of(
            "550 relay@us.example is unknown",
            sender="relay@us.example",
            recipient="relay@us.example",
        )
        == "withheld"
    )
    assert of("550 no mailbox at us.example", recipient="ada@us.example") == "withheld", (
        "a coach of our own house"
    )


def test_several_codes_that_differ_are_read_hopefully() -> None:
    assert of("550-5.1.1 unknown\n550 5.7.1 policy") == "trouble"
    assert of("550-5.1.1 unknown\n550 4.2.1 come again") == "later"


def test_what_is_kept_of_a_reply_has_no_address_and_an_end() -> None:
    said = (
        b"5.1.1 <grace@school.example>: user Grace is unknown\nat mx.school.example"
        b" (school.example) "
    ) + b"x" * 9_000
    error = refusal(550, said, "RCPT", sender=US, recipient=THEM)
    assert (error.code, error.enhanced, error.no_mailbox) == ("550", "5.1.1", True)
    assert error.reply.startswith(
        "550 5.1.1 <(address)>: user (address) is unknown at mx.(address) ((address)) x"
    )
    assert len(error.reply) <= 200
    assert str(error) == "refused for good, because of the address (550 5.1.1)"
