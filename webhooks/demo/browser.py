"""A coach's browser: it follows a link to connect a calendar, agrees at the consent,
and confirms; or the link of a mail that asks something.
"""

import html
import re

import requests

from workers.cronofy.sandbox.control import Control

FORM = re.compile(r'<form method="post"(?: action="([^"]+)")?>(.*?)</form>', re.DOTALL)
HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')
LEADS_ON = re.compile(r'<a class="button main" href="([^"]+)"')
SECONDS = 30


def connect(link: str, control: Control, *, profile: str) -> str:
    """Connect this profile of the sandbox's -> the page that says how it went. Raises
    requests.HTTPError.
    """
    with requests.Session() as browser:
        browser.trust_env = False  # a proxy of the machine's is none of the story's
        leave = _send(browser, link, _page(browser, link))
        found = LEADS_ON.search(leave)
        if found is None:
            raise ValueError(f"the page behind {link} leads to no consent")
        callback = control.consent(html.unescape(found[1]), profile=profile)
        return _send(browser, callback, _page(browser, callback), answer="yes")


def settle(link: str, *, to: str) -> str:
    """Follow the link of a mail, and settle the first thing there -> the page that says how it
    went. Raises requests.HTTPError.
    """
    with requests.Session() as browser:
        browser.trust_env = False
        return _send(browser, link, _page(browser, link), to=to)


def _page(browser: requests.Session, url: str) -> str:
    response = browser.get(url, timeout=SECONDS)
    response.raise_for_status()
    return response.text


def _send(browser: requests.Session, url: str, page: str, **pressed: str) -> str:
    """What the page's only form leads to."""
    found = FORM.search(page)
    if found is None:
        raise ValueError(f"the page at {url.partition('?')[0]} has no form")
    fields = {name: html.unescape(value) for name, value in HIDDEN.findall(found[2])}
    place = requests.compat.urljoin(url, found[1] or "")
    response = browser.post(place, data=fields | pressed, timeout=SECONDS)
    response.raise_for_status()
    return response.text
