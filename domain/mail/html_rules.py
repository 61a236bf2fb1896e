"""What may stand in the HTML of a mail: tags, attributes, style properties and schemes."""

TEXT_TAGS = {
    *(
        "a",
        "abbr",
        "b",
        "blockquote",
        "br",
        "center",
        "cite",
        "code",
        "dd",
        "del",
        "div",
        "dl",
        "dt",
        "em",
    ),
    *(
        "font",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "i",
        "ins",
        "kbd",
        "li",
        "mark",
        "ol",
        "p",
        "pre",
        "q",
    ),
    *("s", "samp", "small", "span", "strike", "strong", "sub", "sup", "u", "ul", "var"),
    *("caption", "col", "colgroup", "table", "tbody", "td", "tfoot", "th", "thead", "tr"),
}


# What runs, loads, submits, or hands the page to somebody else;
# and the heads of whole documents, which hold such.
REFUSED_TAGS = {
    *(
        "script",
        "noscript",
        "style",
        "link",
        "base",
        "template",
        "slot",
        "iframe",
        "frame",
        "frameset",
        "noframes",
    ),
    *(
        "object",
        "embed",
        "applet",
        "param",
        "svg",
        "math",
        "form",
        "input",
        "button",
        "select",
        "option",
        "textarea",
    ),
    *(
        "img",
        "image",
        "picture",
        "audio",
        "video",
        "source",
        "track",
        "canvas",
        "map",
        "area",
        "dialog",
        "portal",
    ),
    *(
        "noembed",
        "xmp",
        "plaintext",
        "marquee",
        "keygen",
        "isindex",
        "bgsound",
        "layer",
        "body",
        "fencedframe",
    ),
}


# A whole document says these; they are left out without a word, for the mail has a page of its own.
IGNORED_TAGS = {"title"}


ATTRIBUTES = {
    *(
        "align",
        "valign",
        "width",
        "height",
        "border",
        "cellpadding",
        "cellspacing",
        "colspan",
        "rowspan",
        "color",
    ),
    *(
        "bgcolor",
        "class",
        "dir",
        "lang",
        "role",
        "style",
        "title",
        "aria-label",
        "aria-hidden",
        "face",
        "size",
    ),
    *("start", "type", "value", "scope", "span"),
}


# None of them takes an url(): nothing is loaded whatever stands in their values.
PROPERTIES = {
    *(
        "background-color",
        "border",
        "border-collapse",
        "border-color",
        "border-radius",
        "border-spacing",
    ),
    *(
        "border-style",
        "border-width",
        "color",
        "direction",
        "display",
        "font",
        "font-family",
        "font-size",
    ),
    *(
        "font-style",
        "font-weight",
        "height",
        "letter-spacing",
        "line-height",
        "list-style-type",
        "margin",
    ),
    *(
        "margin-bottom",
        "margin-left",
        "margin-right",
        "margin-top",
        "max-width",
        "min-width",
        "overflow-wrap",
    ),
    *("padding", "padding-bottom", "padding-left", "padding-right", "padding-top", "text-align"),
    *(
        "text-decoration",
        "text-indent",
        "text-transform",
        "vertical-align",
        "white-space",
        "width",
        "word-break",
    ),
    *("border-top", "border-right", "border-bottom", "border-left"),
}


SCHEMES = {"https", "http", "mailto"}


# Only to name them to an author: what is in neither set is left out without a word.
KNOWN_SCHEMES = SCHEMES | {
    "javascript",
    "data",
    "vbscript",
    "file",
    "ftp",
    "blob",
    "about",
    "tel",
    "sms",
    "cid",
}
