"""Text as it may stand in a file that a spreadsheet program opens: it computes nothing, and is read
back as it was.
"""

import re

BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet program takes for one, whatever follows: so it is written with a mark."""
TEXT_MARK = "'"
# One that is set to another delimiter begins a cell behind it, within quotes too.
UNMARKED = re.compile(r"""([;,\t][ "]*)(?='*[=+\-@])""")
MARKED = re.compile(r"""([;,\t][ "]*)'(?='*[=+\-@])""")


def harmless(text: str) -> str:
    """A text as it may stand in a file that a spreadsheet program opens: it computes nothing."""
    text = UNMARKED.sub(rf"\1{TEXT_MARK}", text)
    if text.startswith((*BEGINS_A_FORMULA, TEXT_MARK)):
        return TEXT_MARK + text
    return text


def as_typed(text: str) -> str:
    """What `harmless` was given."""
    if text.startswith(TEXT_MARK) and text[1:].startswith((*BEGINS_A_FORMULA, TEXT_MARK)):
        text = text[1:]
    # Whatever has none stays the very same object: a NoValue is a kind of text of its own.
    if MARKED.search(text):
        return MARKED.sub(r"\1", text)
    return text
