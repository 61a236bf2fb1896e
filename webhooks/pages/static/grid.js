// The settings page, live: a weekly grid that writes into the text fields of the hours, and a preview of what follows.
// Without this module the form works all the same: the text fields are what is sent.

const QUARTER = 15, DAY = 1440, HALF = 720, ROWS = 96, DAYS = 7;
// As pages/hours_text.py has it
const MARK = "([ap]\\.? ?m\\.?|[ap]|\u0635|\u0645|\u5348[\u524d\u5f8c])";
const CLOCK = ` ?${MARK}? ?(\\d{1,2})(?: ?[:.h] ?(\\d{2})| ?h)? ?${MARK}? ?`;
const WINDOW = new RegExp(`^${CLOCK}[-\u2010-\u2015\u2212~\u301c\u30fc]${CLOCK}$`);
const byId = (id) => document.getElementById(id);
const form = byId("settings"), holder = byId("grid"), live = byId("live"), week = byId("week");
const inputs = [...form.querySelectorAll("[data-day]")];

// -- hours as text, and as minutes after midnight -------------------------------------------------------------

const clocks = holder.dataset.clocks.split("|");
/** As the reader's clock shows it: 09:00 or 9:00 AM. */
const clock = (minute) => {
  const there = minute > DAY ? minute - DAY : minute;
  return clocks[Math.floor(there / 60)].replace(/00(?!.*00)/, String(there % 60).padStart(2, "0"));
};

/** [minute, whether AM or PM stands beside it, whether either could]; null for no time of day. */
function side(before, hour, rest, after) {
  const mark = before ?? after, minute = Number(rest ?? 0), at = hour * 60 + minute, twelve = hour >= 1 && hour <= 12;
  if (at > DAY || minute > 59) return null;
  if (!mark) return [at, false, twelve && hour[0] !== "0"];
  if (!twelve || (before && after)) return null;
  return [(at % HALF) + (/^(p|\u0645|\u5348\u5f8c)/.test(mark) ? HALF : 0), true, false];
}

/** How long before: a whole day rather than nothing. */
const apart = (minutes) => (minutes + 2 * DAY - 1) % DAY;

/** [[540, 720]] from "09:00-12:00"; null when it is not understood. An end at or before its start is the next day. */
function parse(text) {
  const found = [];
  const plain = text.normalize("NFKC").replace(/[\u061c\u200e\u200f\u2066-\u2069]/g, "").toLowerCase()
    .replace(/[\u0660-\u0669\u06f0-\u06f9]/g, (it) => it.charCodeAt(0) & 15);
  for (const part of plain.split(/[,;\n\u060c\u061b\u3001]/).filter((it) => it.trim())) {
    const its = WINDOW.exec(part.replace(/\s+/g, " "));
    const one = its && side(...its.slice(1, 5)), other = its && side(...its.slice(5));
    if (!one || !other) return null;
    let [start, marked, open] = one, [end, sure, either] = other;
    const late = (minute) => (minute + HALF) % DAY;
    if (open && sure && apart(end - late(start)) < apart(end - start)) start = late(start);
    if (either && marked && apart(late(end) - start) < apart(end - start)) end = late(end);
    if (!end && (marked || sure)) end = DAY;
    if (start >= DAY) return null;
    found.push([start, end > start ? end : end + DAY]);
  }
  return found.sort((one, other) => one[0] - other[0]);
}

const textOf = (windows) => windows.map(([start, end]) => `${clock(start)}-${clock(end)}`).join(", ");
const windowsOf = (day) => parse(inputs[day].value) ?? [];

function joined(windows) {
  const whole = [];
  for (const [start, end] of windows.sort((one, other) => one[0] - other[0])) {
    const last = whole.at(-1);
    if (last && start <= last[1]) last[1] = Math.max(last[1], end);
    else whole.push([start, end]);
  }
  return whole;
}

const without = (windows, from, until) =>
  windows.flatMap(([start, end]) => [[start, Math.min(end, from)], [Math.max(start, until), end]]).filter(([a, b]) => a < b);

/** Minutes from..until of a day are worked, or not: the windows around keep their own minutes. */
function change(day, from, until, on) {
  if (on) return write(day, joined([...windowsOf(day), [from, until]]));
  // What reaches into this day from the evening before is cut there, and what is left of it begins here.
  const before = (day + DAYS - 1) % DAYS, evening = windowsOf(before);
  const left = without(windowsOf(day), from, until);
  if (evening.some(([, end]) => end > DAY + from)) {
    const kept = without(evening, from + DAY, until + DAY);
    write(before, kept.filter(([start]) => start < DAY));
    left.push(...kept.filter(([start]) => start >= DAY).map(([start, end]) => [start - DAY, end - DAY]));
  }
  write(day, joined(left));
}

function write(day, windows) {
  const text = textOf(windows);
  if (inputs[day].value === text) return;
  inputs[day].value = text;
  inputs[day].dispatchEvent(new Event("input", { bubbles: true }));
}

// -- the grid (the WAI-ARIA pattern: one tab stop, arrows, Shift extends, Space switches) ---------------------

// [day][quarter]
const cells = [];
const scroller = document.createElement("div");
// How long a finger rests, in ms, and how far it may stray, until it paints
const HOLD = 400, SLOP = 10;
let at = { day: 0, row: 36 }, anchor = at, drag = null, pending = null, finger = null;

function element(tag, role, text, name = "") {
  const made = document.createElement(tag);
  made.setAttribute("role", role);
  if (text) made.textContent = text;
  if (name) made.className = name;
  return made;
}

function build() {
  scroller.className = "grid";
  scroller.setAttribute("role", "grid");
  scroller.setAttribute("aria-label", holder.dataset.label);
  scroller.setAttribute("aria-describedby", "grid-hint");
  scroller.setAttribute("aria-multiselectable", "true");
  const head = element("div", "row", "", "head");
  head.append(element("span", "columnheader", holder.dataset.time, "corner"));
  for (const input of inputs) {
    head.append(element("span", "columnheader", input.dataset.short));
    cells.push([]);
  }
  scroller.append(head);
  for (let row = 0; row < ROWS; row++) {
    const line = element("div", "row", "", row % 4 ? "" : "full");
    const shown = row % 4 ? clock(row * QUARTER) : clock(row * QUARTER).replace(/[:.]00(?= ?\D)/, "");
    line.append(element("span", "rowheader", shown, "clock"));
    for (let day = 0; day < DAYS; day++) {
      const cell = element("span", "gridcell", "");
      cell.tabIndex = -1;
      cell.setAttribute("aria-label", `${inputs[day].dataset.long} ${clock(row * QUARTER)}`);
      Object.assign(cell, { day, row });
      cells[day].push(cell);
      line.append(cell);
    }
    scroller.append(line);
  }
  holder.append(scroller);
  holder.hidden = false;
}

function paint() {
  for (let day = 0; day < DAYS; day++) {
    const evening = windowsOf((day + DAYS - 1) % DAYS).map(([start, end]) => [start - DAY, end - DAY]);
    const worked = joined([...windowsOf(day), ...evening]);
    for (const cell of cells[day]) {
      const from = cell.row * QUARTER;
      const on = worked.some(([start, end]) => start <= from && end >= from + QUARTER);
      cell.setAttribute("aria-selected", String(on));
    }
  }
}

const isOn = ({ day, row }) => cells[day][row].getAttribute("aria-selected") === "true";

function rectangle(one, other) {
  const [first, last] = [Math.min(one.day, other.day), Math.max(one.day, other.day)];
  const [top, bottom] = [Math.min(one.row, other.row), Math.max(one.row, other.row)];
  return { first, last, top, bottom };
}

function outline(one, other) {
  const { first, last, top, bottom } = rectangle(one, other);
  const shown = (drag && finger) || one.day !== other.day || one.row !== other.row;
  for (const cell of cells.flat()) {
    const inside = cell.day >= first && cell.day <= last && cell.row >= top && cell.row <= bottom;
    cell.classList.toggle("range", Boolean(shown && inside));
  }
}

/** What the fields held before each change by the grid, the last of them at the end. */
const steps = [], MOST_STEPS = 50;

function undo() {
  const before = steps.pop();
  byId("undo").disabled = !steps.length;
  if (!before) return;
  for (const [day, input] of inputs.entries()) {
    if (input.value === before[day]) continue;
    input.value = before[day];
    input.dispatchEvent(new Event("input", { bubbles: true }));
  }
  tell(holder.dataset.undone);
}

function apply(one, other, on) {
  steps.push(inputs.map((it) => it.value));
  if (steps.length > MOST_STEPS) steps.shift();
  byId("undo").disabled = false;
  const { first, last, top, bottom } = rectangle(one, other);
  for (let day = first; day <= last; day++) change(day, top * QUARTER, (bottom + 1) * QUARTER, on);
  const days = [...new Set([first, last])].map((day) => inputs[day].dataset.long).join(" \u2013 ");
  const hours = holder.dataset.fromTo.replace("{start}", clock(top * QUARTER)).replace("{end}", clock((bottom + 1) * QUARTER));
  tell((on ? holder.dataset.on : holder.dataset.off).replace("{range}", `${days} ${hours}`));
}

export function tell(text) {
  live.textContent = text;
  byId("grid-said").textContent = text;
}

function go(to, extend) {
  cells[at.day][at.row].tabIndex = -1;
  at = { day: Math.min(Math.max(to.day, 0), DAYS - 1), row: Math.min(Math.max(to.row, 0), ROWS - 1) };
  if (!extend) anchor = at;
  const cell = cells[at.day][at.row];
  cell.tabIndex = 0;
  cell.focus({ preventScroll: true });
  reveal(cell);
  outline(anchor, at);
}

/** Below the header that stays, and above the end. */
function reveal(cell) {
  const top = scroller.firstChild.offsetHeight + 4;
  const place = cell.getBoundingClientRect(), frame = scroller.getBoundingClientRect();
  if (place.top < frame.top + top) scroller.scrollTop -= frame.top + top - place.top;
  if (place.bottom > frame.bottom) scroller.scrollTop += place.bottom - frame.bottom;
  if (frame.top < 0 || frame.bottom > innerHeight) cell.scrollIntoView({ block: "nearest" });
}

// Days run the way the page is read
const AHEAD = document.dir === "rtl" ? -1 : 1;
const STEPS = {
  ArrowUp: ({ day, row }) => ({ day, row: row - 1 }),
  ArrowDown: ({ day, row }) => ({ day, row: row + 1 }),
  ArrowLeft: ({ day, row }) => ({ day: day - AHEAD, row }),
  ArrowRight: ({ day, row }) => ({ day: day + AHEAD, row }),
  PageUp: ({ day, row }) => ({ day, row: row - 4 }),
  PageDown: ({ day, row }) => ({ day, row: row + 4 }),
  Home: ({ row }, all) => (all ? { day: 0, row: 0 } : { day: 0, row }),
  End: ({ row }, all) => (all ? { day: DAYS - 1, row: ROWS - 1 } : { day: DAYS - 1, row }),
};

function pressed(event) {
  if ((event.ctrlKey || event.metaKey) && event.key === "z") {
    event.preventDefault();
    return undo();
  }
  if (event.altKey || event.metaKey) return;
  if (event.key in STEPS) go(STEPS[event.key](at, event.ctrlKey), event.shiftKey);
  else if (event.key === " " || event.key === "Enter") {
    apply(anchor, at, !isOn(anchor));
    go(at, false);
  } else if (event.key === "Escape") {
    pending = null;
    go(at, false);
  } else return;
  event.preventDefault();
}

const under = (event) => {
  const found = document.elementFromPoint(event.clientX, event.clientY);
  return found && scroller.contains(found) && found.day !== undefined ? { day: found.day, row: found.row } : null;
};

function down(event) {
  dropped();
  finger = null;
  const here = under(event);
  if (!here || event.button !== 0 || !event.isPrimary) return;
  if (event.pointerType !== "mouse") return rested(event, here);
  event.preventDefault();
  if (event.shiftKey) {
    apply(anchor, here, isOn(anchor));
    return go(here, false);
  }
  begin(event, here);
}

function begin(event, here) {
  scroller.setPointerCapture(event.pointerId);
  go(here, false);
  drag = { from: here, to: here, on: !isOn(here), id: event.pointerId };
}

/** A finger that moves scrolls; only one that has rested for a moment paints. A tap comes as a click. */
function rested(event, here) {
  const mine = (finger = { x: event.clientX, y: event.clientY, painted: false });
  mine.timer = setTimeout(() => {
    mine.painted = true;
    begin(event, here);
    outline(here, here);
  }, HOLD);
}

function dropped() {
  clearTimeout(finger?.timer);
  if (!drag) return;
  drag = null;
  outline(at, at);
}

function tapped(event) {
  const here = under(event);
  if (!here || !finger || finger.painted) return;
  go(here, false);
  chosen(here, !isOn(here));
}

function moved(event) {
  if (finger && Math.hypot(event.clientX - finger.x, event.clientY - finger.y) > SLOP) clearTimeout(finger.timer);
  if (!drag || event.pointerId !== drag.id) return;
  const frame = scroller.getBoundingClientRect();
  if (event.clientY > frame.bottom - 12) scroller.scrollTop += 8;
  if (event.clientY < frame.top + scroller.firstChild.offsetHeight + 8) scroller.scrollTop -= 8;
  drag.to = under(event) ?? drag.to;
  outline(drag.from, drag.to);
}

function up(event) {
  clearTimeout(finger?.timer);
  if (!drag || event.pointerId !== drag.id) return;
  const { from, to, on } = drag;
  drag = null;
  if (from.day !== to.day || from.row !== to.row) {
    pending = null;
    apply(from, to, on);
  } else chosen(from, on);
  go(to, false);
}

/** The first choice switches its quarter hour; a second one on the same day switches all up to there. */
function chosen(here, on) {
  const first = pending;
  pending = null;
  if (first && first.day === here.day && first.row !== here.row) return apply(first, here, first.on);
  apply(here, here, on);
  if (first?.row === here.row && first.day === here.day) return;
  pending = { ...here, on };
  tell(`${live.textContent}. ${holder.dataset.until}`);
}

// -- the preview: what is typed, asked about once typing rests --------------------------------------------------

const state = () => {
  const sent = new URLSearchParams(new FormData(form));
  sent.delete("show");
  for (const name of ["copy_from", "copy_to", "account", "calendar", "receives"]) sent.delete(name);
  return String(sent);
};
/** Whether something is chosen among the accounts, which may come and go, that is not saved. */
export const picked = () => [...byId("accounts").querySelectorAll("input, option")].some((it) =>
  it.matches("option") ? it.selected !== it.defaultSelected : it.checked !== it.defaultChecked);
const wasUnsaved = !byId("unsaved").hidden, before = state();
let timer = 0, asking = null, leaving = false, reached = 0;

const unsaved = () => wasUnsaved || state() !== before || picked();

export function later() {
  byId("unsaved").hidden = !unsaved();
  clearTimeout(timer);
  timer = setTimeout(ask, 200);
}

async function ask() {
  asking?.abort();
  const mine = (asking = new AbortController());
  const body = new URLSearchParams(new FormData(form));
  try {
    const answer = await fetch(form.dataset.preview, { method: "POST", body, headers: { "X-Fragment": "week" }, signal: mine.signal });
    if (!answer.ok) throw new Error("refused");
    const html = await answer.text();
    if (mine.signal.aborted) return;
    swap(week, html);
    week.classList.remove("late");
    byId("tally").textContent = [byId("count"), byId("change")].map((it) => it?.textContent ?? "").join(", ").replace(/, $/, "");
  } catch (error) {
    if (error.name === "AbortError") return;
    week.classList.add("late");
    tell(form.dataset.late);
  }
}

/** What had the focus has it again, and what was open is open; nothing scrolls. */
export function swap(place, html) {
  const focused = place.contains(document.activeElement) ? document.activeElement.id : "";
  const open = [...place.querySelectorAll("details[open]")].map((it) => it.id);
  place.innerHTML = html;
  for (const id of open) byId(id)?.setAttribute("open", "");
  if (focused) byId(focused)?.focus({ preventScroll: true });
}

function copy(event) {
  event.preventDefault();
  const from = inputs.find((it) => it.dataset.day === byId("copy-from").value), to = byId("copy-to").value;
  for (const [day, input] of inputs.entries()) {
    if (input === from || !(to === "all" || input.dataset.day === to || (to === "weekdays" && day < 5))) continue;
    input.value = from.value;
    input.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

function addDate() {
  const rows = byId("overrides"), row = rows.lastElementChild.cloneNode(true);
  for (const field of row.querySelectorAll("input")) {
    field.value = "";
    field.setAttribute("aria-label", field.getAttribute("aria-label").replace(/\d+/, rows.children.length + 1));
  }
  rows.append(row);
  row.querySelector("input").focus();
}

build();
paint();
cells[at.day][at.row].tabIndex = 0;
// Once more: the grid was not there yet, and inside another site's frame a browser gives no focus by itself.
const first = document.querySelector("[autofocus]");
first?.focus({ preventScroll: true });
first?.scrollIntoView({ block: "nearest" });
scroller.scrollTop = cells[0][28].offsetTop - scroller.firstChild.offsetHeight;
scroller.addEventListener("keydown", pressed);
scroller.addEventListener("pointerdown", down);
scroller.addEventListener("pointermove", moved);
scroller.addEventListener("pointerup", up);
scroller.addEventListener("pointercancel", dropped);
scroller.addEventListener("click", tapped);
scroller.addEventListener("touchmove", (event) => drag && event.preventDefault(), { passive: false });
scroller.addEventListener("contextmenu", (event) => drag && event.preventDefault());
form.addEventListener("input", (event) => {
  if (inputs.includes(event.target)) {
    if (parse(event.target.value) === null) event.target.setAttribute("aria-invalid", "true");
    else event.target.removeAttribute("aria-invalid");
    const night = byId(`night-${event.target.dataset.day}`);
    night.textContent = holder.dataset.night;
    night.hidden = !(parse(event.target.value) ?? []).some(([, end]) => end > DAY);
    paint();
  }
  later();
});
form.addEventListener("submit", (event) => {
  leaving = navigator.onLine || reached;
  reached = 0;
  if (leaving) return;
  // A browser's own page would take the place of what was typed. (A laptop without a network reaches its own server.)
  event.preventDefault();
  fetch(location).then(() => {
    reached = 1;
    form.requestSubmit(event.submitter);
  }, () => {
    const it = byId("unsaved");
    it.tabIndex = -1;
    it.focus();
    tell(form.dataset.late);
  });
});
addEventListener("beforeunload", (event) => {
  if (!leaving && unsaved()) event.preventDefault();
});
// Few change their zone: what finds one by its city comes when it is wanted.
const places = () => import("./zones.js");
byId("zone").addEventListener("focus", places);
if (byId("zone").matches(":focus")) places();
byId("undo").addEventListener("click", undo);
byId("copy").addEventListener("click", copy);
byId("add-date").addEventListener("click", addDate);
byId("add-date").hidden = false;
byId("show-effect").hidden = true;
