// What htmx does not do by itself: pause, say whether the page is live, and keep focus and open tables across a swap.
"use strict";

const byId = (id) => document.getElementById(id);
let paused = false;

const alive = (text, well) => {
  const mark = byId("alive");
  if (mark && mark.textContent !== text) mark.textContent = text;
  if (mark) mark.classList.toggle("lost", !well);
};

document.addEventListener("click", (event) => {
  if (event.target.id !== "pause") return;
  paused = !paused;
  event.target.setAttribute("aria-pressed", String(paused));
  alive(paused ? "Paused" : "Live", true);
});

// The race: somebody presses a button, and what is live is swapped before the answer is there. The button is gone
// then, and with it the only place where htmx tells what was done: nobody would hear of it. So nothing is swapped meanwhile.
// Nor while somebody presses: the button would be gone before it is let go, and no click would come of it; for five seconds
// (a look comes every two), since a menu may keep the end from us. Nor while the page is paused: what was under way then is
// not shown either.
let deeds = 0;
let pressedUntil = 0;
document.addEventListener("pointerdown", () => { pressedUntil = Date.now() + 5000; });
for (const over of ["pointerup", "pointercancel"]) document.addEventListener(over, () => { pressedUntil = 0; });
const isAfterDeed = (event) => event.detail.requestConfig.triggeringEvent?.type === "acted";
const staysAsIs = (event) => deeds > 0 || Date.now() < pressedUntil || (paused && !isAfterDeed(event));
const isDeed = (event) => event.detail.requestConfig.verb === "post" && event.target.dataset.live === undefined;
document.addEventListener("htmx:beforeSend", (event) => { if (isDeed(event)) deeds += 1; });
document.addEventListener("htmx:afterRequest", (event) => { if (isDeed(event)) deeds -= 1; });

// Only what asks by itself is paused, and nothing asks for a page that nobody sees.
document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.target.dataset.live !== undefined && !isAfterDeed(event) && (paused || document.hidden)) event.preventDefault();
});

document.addEventListener("htmx:afterRequest", (event) => {
  if (event.target.dataset.live !== undefined && event.detail.successful && !paused) alive("Live", true);
});

for (const trouble of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) {
  document.addEventListener(trouble, () => {
    alive(`Not live since ${new Date().toISOString().slice(11, 19)}`, false);
  });
}

document.addEventListener("acted", (event) => {
  byId("said").textContent = event.detail.said;
});

document.addEventListener("htmx:responseError", (event) => {
  if (event.detail.requestConfig.verb === "post" && byId("said")) {
    byId("said").textContent = `Not done (${event.detail.xhr.status}): reload the page and try again.`;
  }
});

// What is known by an id keeps focus by htmx. A link has none: it is the same one if it leads to the same place, and of
// several that do, the one at the same place among them. Without this, whoever tabs slowly never gets past a table.
const kindOf = (it) => [it.tagName, it.getAttribute("href") ?? it.closest("details")?.id ?? it.className].join(" ");
const alike = (live, kind) => [...live.querySelectorAll("a, summary, [tabindex]")].filter((it) => kindOf(it) === kind);
let open = [];
let left = null; // where focus was when its part of the page was taken out
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.target.dataset.live !== undefined && staysAsIs(event)) {
    event.detail.shouldSwap = false;
    return;
  }
  const live = event.target;
  open = [...live.querySelectorAll("details[open]")].map((it) => it.id);
  const focused = document.activeElement;
  left = null;
  if (focused === live || !live.contains(focused)) return;
  const heading = focused.closest("section")?.getAttribute("aria-labelledby");
  const kind = kindOf(focused);
  left = { live, heading, kind, place: alike(live, kind).indexOf(focused) };
});

document.addEventListener("htmx:afterSwap", () => {
  for (const id of open) if (byId(id)) byId(id).open = true;
  if (left && document.activeElement === document.body) {
    const same = alike(left.live, left.kind).slice(0, left.place + 1).pop();
    // The button that was pressed is gone with its row: go on from the heading above it.
    const heading = byId(left.heading);
    if (!same && heading) heading.tabIndex = -1;
    if (same) same.focus({ preventScroll: true });
    else heading?.focus();
  }
  left = null;
});

// Whoever hears the page is told of the worst thing when it changes, and not every two seconds.
let worst = null;
const worstNow = () => byId("worst")?.querySelector("strong")?.textContent.replace(/[\d.]+ (s|min|h|d)\b/g, "") ?? "";
document.addEventListener("DOMContentLoaded", () => { worst = worstNow(); });
document.addEventListener("htmx:afterSwap", () => {
  const now = worstNow();
  if (byId("worst-said") && now !== worst) byId("worst-said").textContent = byId("worst").querySelector("strong").textContent;
  worst = now;
});
