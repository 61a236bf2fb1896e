// What is typed when a visit ends is kept in this browser. It comes back with the next link, which is another visit.
import { often } from "./visit.js";

const LAST = 5_000, KEPT = 24 * 3600_000, PREFIX = "coachcal ";
const ending = document.getElementById("ending"), form = document.querySelector("form[data-keep]");

const attempt = (work) => { try { return work(); } catch { return null; } }; // a frame may have no storage
const drafts = () => Object.keys(localStorage).filter((name) => name.startsWith(PREFIX));
const typed = () => [...new FormData(form)].filter(([name]) => name !== "csrf");
const before = form && JSON.stringify(typed()); // as the page was opened

function keep() {
  if (JSON.stringify(typed()) === before && !document.getElementById("unsaved")?.offsetParent) return;
  const calendars = [...form.querySelectorAll("[name=calendar]")].map((it) => it.value);
  const draft = { visit: ending.dataset.visit, when: Date.now(), fields: typed(), calendars };
  attempt(() => localStorage.setItem(PREFIX + form.dataset.keep, JSON.stringify(draft)));
}

function restore() {
  const name = PREFIX + form.dataset.keep, draft = attempt(() => JSON.parse(localStorage.getItem(name)));
  attempt(() => localStorage.removeItem(name));
  if (!draft || draft.visit === ending.dataset.visit || Date.now() - draft.when > KEPT) return;
  const wanted = (field) => draft.fields.filter(([its]) => its === field).map(([, value]) => value);
  const more = document.getElementById("add-date");
  const rows = () => form.querySelectorAll("[name=override_date]").length;
  while (more && rows() < wanted("override_date").length) more.click();
  const next = new Map();
  for (const field of form.elements) {
    if (!field.name || ["csrf", "account"].includes(field.name) || field.type === "submit") continue;
    // What was connected since was on no page where its tick could be taken away: it goes on blocking.
    if (field.name === "calendar" && !draft.calendars?.includes(field.value)) continue;
    const values = wanted(field.name);
    if (field.matches("[type=checkbox], [type=radio]")) {
      field.checked = values.includes(field.value);
      continue;
    }
    const number = next.get(field.name) ?? 0;
    next.set(field.name, number + 1);
    if (number < values.length) field.value = values[number];
    if (field.dataset.day) field.dispatchEvent(new Event("input", { bubbles: true }));
  }
  form.dispatchEvent(new Event("input", { bubbles: true }));
  const restored = document.getElementById("restored");
  restored.hidden = false;
  restored.focus();
}

if (form && ending) {
  restore();
  form.addEventListener("submit", keep);
  often((left) => left <= LAST && keep());
}
const kept = document.getElementById("kept");
if (kept) kept.hidden = !attempt(() => drafts().length);
