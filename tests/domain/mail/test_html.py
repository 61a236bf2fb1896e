"""Custom HTML of a mail is only a text, whatever parser reads it; and what is left of it looks as
it did.
"""

import re
import time

import pytest

from domain.errors import Invalid
from domain.mail import html as mail_html
from domain.mail import tokens

# Where the library's parser of old and a browser disagree, or a style says what it does not seem to
# say.
HOSTILE = {
    "<!--><script>alert(1)</script>-->": "refused_tag",
    "<!---><script>alert(1)</script>-->": "refused_tag",
    "<!-- a --!><img src=x onerror=alert(1)>": "refused_tag",
    "<title><style></title><img src=x onerror=alert(1)>": "refused_tag",
    "<svg><style><img src=x onerror=alert(1)>": "refused_tag",
    "<math><mi//xlink:href='data:x,<script>alert(1)</script>'>": "refused_tag",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>": "refused_tag",
    "<textarea><script>alert(1)</script></textarea>": "refused_tag",
    "<template><script>alert(1)</script></template>": "refused_tag",
    "<form><button formaction=javascript:alert(1)>x</button></form>": "refused_tag",
    "<p onclick=alert(1)>x</p>": "refused_attribute",
    "<p/onclick=alert(1)>x</p>": "refused_attribute",
    "<a href=https://x.example ping=https://spy.example>x</a>": "refused_attribute",
    "<td background=https://spy.example/x.gif>x</td>": None,  # a cell outside a table is no cell
    "<table><tr><td background=https://spy.example/x.gif>x</table>": "refused_attribute",
    "<p style='background:u&#114;l(https://spy.example)'>x</p>": "refused_style",
    "<p style='background:ur\\6c (https://spy.example)'>x</p>": "refused_style",
    "<p style='background-image:image-set(\"https://spy.example\" 1x)'>x</p>": "refused_style",
    "<p style='b/**/ackground:x'>x</p>": "refused_style",
    "<p style='color:expression(alert(1))'>x</p>": "refused_style",
    "<p style='position:fixed;top:0'>x</p>": "refused_style",
    "<a href='java&#10;script:alert(1)'>x</a>": "refused_link",
    "<a href='&#x6a;avascript:alert(1)'>x</a>": "refused_link",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>": "refused_link",
    "<a href='//spy.example'>x</a>": "refused_link",
    "<a href='/local'>x</a>": "refused_link",
    "<![x[": None,
    "<![CDATA[<script>alert(1)</script>]]>": None,  # a comment that ends at the first >
    "<?php echo 1 ?>": None,
    "<": None,
    "</": None,
}
LIVE = (
    "<script",
    "<img",
    "<svg",
    "<style",
    "<form",
    "onerror",
    "onclick",
    "javascript:",
    "url(",
    "spy.example",
    "data:",
)


@pytest.mark.parametrize("html", HOSTILE)
def test_nothing_in_a_custom_mail_runs_or_loads(html: str) -> None:
    code = HOSTILE[html]
    if code is None:
        mail_html.check(html)
    else:
        with pytest.raises(Invalid) as refused:
            mail_html.check(html)
        assert (refused.value.field, refused.value.code) == ("html", code)
    cleaned = mail_html.clean(html)
    tags = " ".join(re.findall("<[^>]*>", cleaned.lower()))
    assert [word for word in LIVE if word in tags] == []
    assert mail_html.clean(cleaned) == cleaned


@pytest.mark.parametrize(
    "html",
    [
        '<p style="color:#333;margin:0 0 16px">Hi <b>{{coach_name}}</b></p>',
        '<a href="{{my_page_url}}" style="font-weight:700">Your page</a>',
        '<a href="mailto:help@example.com">Help</a>',
        (
            '<table role="presentation" width="600"><tbody><tr><td'
            ' align="center">x</td></tr></tbody></table>'
        ),
        "<ul><li>Grüße 😀 &amp; more</li></ul>",
    ],
)
def test_what_mails_are_made_of_is_left_as_it_is(html: str) -> None:
    mail_html.check(html)
    assert mail_html.clean(html) == html


WORST = {
    "openers": "{{",
    "openers and closers": "{{a}}{",
    "half tags": "<a ",
    "half attributes": "<a href='",
    "comments": "<!--",
    "nesting": "<b><i>",
    "tables": "<table><td>",
    "entities": "&amp",
    "numbers": "&#",
    "styles": "<p style='a:b;",
    "cdata": "<![x[",
    "links": "<a href=x>",
}


@pytest.mark.parametrize("kind", WORST)
def test_a_text_four_times_as_long_takes_about_four_times_as_long(kind: str) -> None:
    def seconds(length: int) -> float:
        text = (WORST[kind] * length)[:length]
        begun = time.process_time()
        for check in (mail_html.check, mail_html.clean, tokens.asked):
            try:
                check(text)
            except Invalid:
                continue
        return time.process_time() - begun

    seconds(1_000)
    short = min(seconds(16_000) for _ in range(3))
    long = min(seconds(64_000) for _ in range(3))
    # Sixteen times as long would be quadratic; 20 ms are noise.
    assert long < 8 * short + 0.02, f"{short:.3f} s, then {long:.3f} s"
