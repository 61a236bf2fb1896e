"""From right to left, what is read in the other direction stays whole: an offset has its sign
before its digits, and hours begin at the right.
"""

import re

from playwright.sync_api import Page, expect

from tests.browser.booking_page import reader_of_arabic
from tests.browser.conftest import Site
from tests.browser.phone import PHONE
from tests.support import people

ELSEWHERE = "America/Punta_Arenas"
"""Its name in Arabic is its offset."""
WRONG = r"""() => {
  // Where each sign and the digit behind it are drawn: in texts as they are, and of a field in a
  // piece of text beside it.
  const field = document.querySelector("#zone");
  if (field) document.querySelector("main").append(Object.assign(document.createElement("p"), {
    textContent: field.value, id: "beside" }));
  const walk = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  const found = [], seen = [];
  const at = (node, place) => {
    const range = document.createRange();
    range.setStart(node, place);
    range.setEnd(node, place + 1);
    return range.getBoundingClientRect().x;
  };
  while (walk.nextNode()) {
    const node = walk.currentNode;
    if (!node.parentElement.checkVisibility()) continue;
    for (const its of node.data.matchAll(/[+\u2212-](?=\d\d:\d\d)/g)) {
      seen.push(node.data);
      if (at(node, its.index) > at(node, its.index + 1)) found.push(node.data);
    }
  }
  return [seen.length, found];
}"""


def signs_stand_before(page: Page, least: int) -> None:
    seen, wrong = page.evaluate(WRONG)
    assert wrong == []
    assert seen >= least


def test_offsets_in_arabic_have_their_sign_before_them(one_site: Site) -> None:
    with reader_of_arabic(one_site, **PHONE) as seen:
        page = seen.page
        page.goto(f"/book?zone={ELSEWHERE}&duration=60")
        expect(page.locator("#zone")).to_have_value(re.compile(r"-0[34]:00$"))
        signs_stand_before(page, 2)
        page.goto(f"/book/confirm?zone={ELSEWHERE}&duration=60&start={people.at(4, 9)}")
        signs_stand_before(page, 1)
        page.locator("#yes").tap()
        page.wait_for_url("**/book/bookings/**")
        signs_stand_before(page, 1)


def test_hours_in_arabic_begin_at_the_right(one_site: Site) -> None:
    with reader_of_arabic(one_site, **PHONE) as seen:
        page = seen.page
        page.goto(f"/book/confirm?duration=60&start={people.at(4, 9)}")
        first, last = page.locator(".facts dd").first.evaluate(
            """it => {
              const text = it.lastChild, range = document.createRange();
              return [/\\d/, /\\d(?=\\d?:\\d\\d[^:]*$)/].map((each) => {
                const place = text.data.search(each);
                range.setStart(text, place);
                range.setEnd(text, place + 1);
                return range.getBoundingClientRect().x;
              });
            }"""
        )
        assert first > last
