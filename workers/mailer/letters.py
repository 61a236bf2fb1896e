"""From what a mail is about to the mail itself:
the text chosen, the times spelled, the page laid out, all composed.
"""

from datetime import datetime
from html import escape

from domain import mail
from domain.brands import PLAIN, USUAL, Brand
from domain.mail import Mail, MailFacts, Sender, Wording
from domain.mail import html as mail_html
from domain.mail.choice import Choice, Template
from domain.mail.sample import sample
from workers.mailer import markup, texts
from workers.mailer.times import locale_of, spell


def write(
    facts: MailFacts,
    choice: Choice,
    *,
    sender: Sender,
    now: datetime,
    brand: Brand = PLAIN,
    accepts: bool = False,
) -> Mail:
    """The mail, as `storage.rows.mail_texts.resolve` chose its text, in the looks of the brand.
    `accepts`: the session comes to its reader's calendar as another's invitation, which a default
    text asks them to accept. Raises domain.mail.tokens.UnusableTokens.

    "off" is for the caller to obey: a mail that is switched off is not written.
    """
    if choice == "off":
        raise ValueError("this kind of mail is switched off here: do not write it")
    sender = brand.signing(sender)
    if choice == "default":
        wording = _default(facts, sender, brand, accepts=accepts)
    else:
        wording = _custom(facts, choice, brand)
    # Times are spelt in the text's language, which need not be the reader's: see `spell`.
    return mail.compose(facts, wording, _spelt(facts, wording.language), sender=sender, now=now)


def preview(
    kind: str,
    language: str,
    template: Template | None,
    *,
    sender: Sender,
    now: datetime,
    brand: Brand = PLAIN,
) -> Mail:
    """How a text looks, with invented people. `kind` is one of TEXT_KINDS. Raises
    domain.mail.tokens.UnusableTokens.
    """
    facts = sample(kind, language, now=now)
    return write(facts, template or "default", sender=sender, now=now, brand=brand)


def _default(facts: MailFacts, sender: Sender, brand: Brand, *, accepts: bool) -> Wording:
    language, subject, source = texts.default(facts.text_kind, facts.recipient.language)
    if facts.join_url:
        source = markup.with_link(source)
    given = _given(facts, language) | set(mail.support_of(sender))
    if accepts:
        # Before the small print, which is the last paragraph of all of them.
        said, _, small = source.rstrip().rpartition("\n\n")
        source = f"{said}\n\n{texts.invitation(language)}\n\n{small}\n"
    # Coaches set their calendars up themselves, and have nobody beside them to ask.
    if facts.recipient.role == "coach":
        source = f"{source.rstrip()}\n\n{texts.support(language)}\n"
    body = markup.page_of(source, given, brand.colour or USUAL)
    return Wording(
        language=language,
        subject=markup.subject_of(subject, given),
        text=markup.text_of(source, given),
        html=_page(language, body, markup.preheader_of(source, given), brand),
        summary=_summary(facts, language),
    )


def _custom(facts: MailFacts, template: Template, brand: Brand) -> Wording:
    if template.html is None:
        source = template.text
        if facts.join_url:
            source = markup.with_link(source)
        body = markup.page_of_plain(source)
    else:
        # Checked when it was stored, and cleaned all the same: the allow-list may have become
        # shorter since, and a page in somebody's mailbox cannot be corrected any more.
        body = mail_html.clean(template.html)
    preheader = ""
    if "start_date" in _given(facts, template.language):
        preheader = markup.WHEN
    return Wording(
        language=template.language,
        subject=template.subject,
        text=template.text,
        html=_page(template.language, body, preheader, brand),
        summary=_summary(facts, template.language),
    )


def _page(language: str, body: str, preheader: str, brand: Brand) -> str:
    direction = locale_of(language, language).text_direction
    return texts.layout(language, direction, markup.logo_of(brand) + body, escape(preheader))


def _summary(facts: MailFacts, language: str) -> str:
    """It names the other one, if their name is known: a sentence about nobody reads odd."""
    reader = facts.recipient.role
    named = "participant_name"
    if reader == "participant":
        named = "coach_name"
    if named not in _given(facts, language):
        return texts.summary(language, "anybody")
    return texts.summary(language, reader)


def _spelt(facts: MailFacts, language: str) -> dict[str, str]:
    """The tokens that are words of a language."""
    spelt = spell(facts, language)
    if facts.place_kind == "conferencing" and not facts.join_url:
        spelt["place"] = texts.link_follows(language)
    return spelt


def _given(facts: MailFacts, language: str) -> set[str]:
    values = mail.values_of(facts, language) | _spelt(facts, language)
    return {name for name, value in values.items() if value}
