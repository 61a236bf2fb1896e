"""From what a mail is about to the mail itself: the text chosen, the times spelled, the page laid
out, all composed.
"""

from datetime import datetime
from html import escape

from domain import mail
from domain.mail import Mail, MailFacts, Sender, Wording
from domain.mail import html as mail_html
from domain.mail.choice import Choice, Template
from domain.mail.sample import sample
from workers.mailer import markup, texts
from workers.mailer.times import locale_of, spell


def write(facts: MailFacts, choice: Choice, *, sender: Sender, now: datetime) -> Mail:
    """The mail, as `storage.rows.mail_texts.resolve` chose its text. Raises
    domain.mail.tokens.UnusableTokens.

    "off" is for the caller to obey: a mail that is switched off is not written.
    """
    if choice == "off":
        raise ValueError("this kind of mail is switched off here: do not write it")
    wording = _default(facts, sender) if choice == "default" else _custom(facts, choice)
    return mail.compose(facts, wording, spell(facts, wording.language), sender=sender, now=now)


def preview(
    kind: str, language: str, template: Template | None, *, sender: Sender, now: datetime
) -> Mail:
    """How a text looks, with invented people. `kind` is one of TEXT_KINDS. Raises
    domain.mail.tokens.UnusableTokens.
    """
    return write(sample(kind, language, now=now), template or "default", sender=sender, now=now)


def _default(facts: MailFacts, sender: Sender) -> Wording:
    language, subject, source = texts.default(facts.text_kind, facts.recipient.language)
    given = _given(facts, language) | set(mail.support_of(sender))
    if (
        facts.recipient.role == "coach"
    ):  # who set their calendars up themselves, and have nobody beside them to ask
        source = f"{source.rstrip()}\n\n{texts.support(language)}\n"
    return Wording(
        language=language,
        subject=markup.subject_of(subject, given),
        text=markup.text_of(source, given),
        html=_page(language, markup.page_of(source, given), markup.preheader_of(source, given)),
        summary=_summary(facts, language),
    )


def _custom(facts: MailFacts, template: Template) -> Wording:
    plain = template.html is None
    body = markup.page_of_plain(template.text) if plain else mail_html.clean(template.html or "")
    timed = "start_date" in _given(facts, template.language)
    return Wording(
        language=template.language,
        subject=template.subject,
        text=template.text,
        html=_page(template.language, body, markup.WHEN if timed else ""),
        summary=_summary(facts, template.language),
    )


def _page(language: str, body: str, preheader: str) -> str:
    return texts.layout(
        language, locale_of(language, language).text_direction, body, escape(preheader)
    )


def _summary(facts: MailFacts, language: str) -> str:
    reader = facts.recipient.role
    named = "coach_name" if reader == "participant" else "participant_name"
    return texts.summary(language, reader if named in _given(facts, language) else "anybody")


def _given(facts: MailFacts, language: str) -> set[str]:
    values = mail.values_of(facts, language) | spell(facts, language)
    return {name for name, value in values.items() if value}
