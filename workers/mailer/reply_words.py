"""What the words of a mail server's refusal speak of, where its codes leave that open.

Each pattern is looked for in lower case, beside the addresses.
"""

import re

from domain.mail.safety import without_addresses

FULL = re.compile(
    r"quota|(mail ?box|inbox|storage|disk).{0,40}(full|exceed|limit|space)"
    r"|(full|exceeded|insufficient).{0,40}(mail ?box|inbox|storage|disk|space)"
)
US = re.compile(
    r"\bsender|from address|mail from|return.?path|\breverse|\br?dns\b|\bptr\b|\b[eh][eh]lo\b"
    r"|\bip\b|call ?(out|back)|your (ip|server|host|domain|system|network|organi[sz]ation)"
    r"|absender|exp.diteur|remitente|mittente"
)
POLICY = re.compile(
    r"polic|denied|prohibit|forbid|restrict|not (allowed|permitted)|authori[sz]|security|spam|junk"
    r"|unsolicited|bulk|virus|malware|content|suspicious|too many|rate limit"
    r"|relay|rcpthosts|\bspf\b|dkim|dmarc|authenticat|\bauth\b|\blog ?in\b|\btls\b|certificate"
    r"|encrypt"
    r"|sorbs|barracuda|uceprotect|dnsbl|\brbl|(black|block|deny)"
    r" ?list|block|reputation|\blisted|\bbann"
)
# Only these say that there is nobody: a 550 is said to a full disk and to a broken lookup as well.
NOBODY = re.compile(
    r"\bno such|nobody|no one|\bunknown(?! (error|reason|command|host))|unrout|not (a )?(known"
    r"|local|found|valid|exist|active|here|hosted|recogni[sz]ed|have)|n.t (exist|have)|no longer"
    r"|(invalid|bad|incorrect) (destination|recipient|user|mail ?box|address|account)"
    r"|\bno (valid )?(mail ?box|user|recipient|address|account)|has moved|undeliverable"
    r"|(mail ?box|user|account|recipient|address) .{0,30}"
    r"(unavailable|disabled|inactive|suspended|closed|deleted|removed|expired|invalid|unknown)"
    r"|unbekannt|existiert nicht|inconnu|n.existe pas|desconocid|desconhecid|n[oã]o? existe"
    r"|sconosciut|non esiste|onbekend|bestaat niet|nieznan|nie istnieje"
)
BROKEN = re.compile(
    r"error|fail|busy|overload|maintenance|time ?out|timed out|internal|connect|resource|service"
    r"|system|frequen|\brates?\b|sequence|\bcommand|transaction"
)
HURRIED = re.compile(r"receiving mail (at|too)")
"""What Gmail says, with 5.2.1, of a mailbox that is well."""
PASSING = re.compile(r"temporar|\blater\b|try again|gr[ae]y ?list|your (message|e?-?mail)")
SIZE = re.compile(r"too (large|big|long)|\bsize\b|message length")
SENDER = re.compile(r"\bsender\b")


class ReplyWords:
    """A reply's text: does it name us, and what does it say beside the addresses?

    The recipient's own address may be policy@spam.example, which says nothing of policies.
    """

    def __init__(self, text: str, sender: str, recipient: str) -> None:
        ours, theirs = sender.rpartition("@")[2], recipient.rpartition("@")[2]
        self.name_sender = bool(sender) and sender != recipient and sender in text
        self.name_us = self.name_sender or (bool(ours) and ours != theirs and ours in text)
        self.rest = without_addresses(text, *parts_of(recipient))
        self.speak_of_us = bool(self.name_us or US.search(self.rest) or POLICY.search(self.rest))
        self.say_nobody = bool(NOBODY.search(self.rest))
        self.are_none = not self.rest.strip()

    def say(self, what: re.Pattern[str]) -> bool:
        return what.search(self.rest) is not None


def parts_of(address: str) -> tuple[str, ...]:
    """What of an address a server may repeat by itself."""
    local, _, host = address.rpartition("@")
    if not local:
        return ()
    return local, host
