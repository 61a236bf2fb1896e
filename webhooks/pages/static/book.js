// The page while somebody looks at it: grid and lists asked for again every five seconds, the focus kept; and arrow keys
// between the times of the grid.
import { field, places } from "./zones.js";

const EVERY = 5000;
const grid = document.getElementById("grid");
const said = document.getElementById("said");
const lost = document.getElementById("lost");
let etag = null;
let at = null; // the start that the tab key comes back to

const times = () => [...grid.querySelectorAll("td button")];

const OPEN = "td:not([class]) button";

/** Cells come short: here their buttons get names, and what may be forced gets a button. */
const dress = () => {
  const table = grid.querySelector("table"), since = Number(grid.querySelector("[name=since]").value);
  const days = [...table.tHead.rows[0].cells].map(it => it.dataset.day);
  for (const cell of table.querySelectorAll(".f")) {
    const button = document.createElement("button");
    button.value = cell.dataset.q ?? 96 * (cell.cellIndex - 1) + Number(cell.parentElement.dataset.q);
    button.append(...cell.childNodes);
    cell.append(button);
  }
  for (const button of times()) {
    const cell = button.parentElement, time = cell.parentElement.cells[0].firstChild.data.trim();
    const name = button.ariaLabel ?? cell.dataset.name ?? `${days[cell.cellIndex]}, ${time}`, why = button.textContent;
    button.setAttribute("aria-label", cell.className ? `${name}: ${why}` : name);
    button.name = "start";
    button.value = since + 900 * button.value;
    if (cell.className && table.matches(".whole")) button.insertAdjacentHTML("afterbegin", `<s>${time}</s> `);
  }
};

const settle = () => {
  const all = times();
  const home = all.find(it => it.value === at) ?? grid.querySelector(OPEN) ?? all[0];
  for (const it of all) it.tabIndex = it === home ? 0 : -1;
};

const place = (cell) => [cell.parentElement.rowIndex, cell.cellIndex];
const named = it => it.getAttribute("aria-label") ?? it.textContent;
const gone = it => { said.textContent = said.dataset.gone.replace("{time}", named(it)); };

const swapGrid = (html) => {
  const held = grid.contains(document.activeElement) ? document.activeElement : null;
  const [row, column] = held ? place(held.closest("td") ?? held) : [];
  grid.innerHTML = html;
  dress();
  settle();
  if (!held) return;
  const same = times().find(it => it.value === at);
  if (same) {
    same.focus({ preventScroll: true });
    if (named(same) !== named(held)) said.textContent = named(same); // to who may force it, it is another button
    return;
  }
  const cell = grid.querySelector("table").rows[row]?.cells[column];
  if (cell) { cell.tabIndex = -1; cell.focus({ preventScroll: true }); }
  if (held.matches("button")) gone(held);
};

const swapList = (list, html) => {
  if (list.innerHTML === html) return;
  const held = list.contains(document.activeElement) ? document.activeElement : null;
  list.innerHTML = html;
  if (!held) return;
  const same = held.id ? document.getElementById(held.id) : [...list.querySelectorAll("a")].find(it => it.href === held.href);
  (same ?? list.querySelector("h2") ?? document.getElementById("main")).focus({ preventScroll: true });
  if (!same) gone(held);
};

const swap = (html) => {
  const fresh = document.createElement("template");
  fresh.innerHTML = html;
  for (const part of fresh.content.children) {
    const old = document.getElementById(part.dataset.part);
    if (old === grid) swapGrid(part.innerHTML);
    else swapList(old, part.innerHTML);
  }
};

const ask = async () => {
  const url = `${grid.dataset.live}&frame=${grid.querySelector("table").dataset.frame}`;
  const answer = await fetch(url, { headers: etag ? { "If-None-Match": etag } : {}, cache: "no-store" });
  if (answer.status === 401) return location.reload();
  if (answer.status === 304) return;
  if (!answer.ok) throw new Error(String(answer.status));
  etag = answer.headers.get("ETag");
  swap(await answer.text());
};

const live = async () => {
  try {
    if (!document.hidden) await ask();
    lost.hidden = true;
  } catch {
    lost.hidden = false;
  }
  setTimeout(live, EVERY);
};

// Length and zone apply when they are chosen. Whoever chooses with keys goes through others on the way, and is waited for.
const REST = 700;
const KEPT = "book-place";
const show = document.getElementById("show");
let keyed = 0, resting = 0;

const apply = async () => {
  // A laptop without a network reaches its own server all the same.
  if (!navigator.onLine && await fetch(location).then(() => 0, () => 1)) {
    lost.hidden = false;
    return show.form.reset();
  }
  const place = { id: document.activeElement.id, y: scrollY };
  try { sessionStorage.setItem(KEPT, JSON.stringify(place)); } catch { /* a frame without storage begins at its top */ }
  show.form.requestSubmit(show);
};

const comeBack = () => {
  try {
    const place = JSON.parse(sessionStorage.getItem(KEPT));
    sessionStorage.removeItem(KEPT);
    if (!place) return;
    document.getElementById(place.id)?.focus({ preventScroll: true });
    scrollTo(0, place.y);
  } catch { /* as above */ }
};

for (const list of show.form.querySelectorAll("select")) {
  list.addEventListener("keydown", () => { keyed = Date.now(); });
  list.addEventListener("change", () => {
    clearTimeout(resting);
    if (Date.now() - keyed < REST) resting = setTimeout(apply, REST);
    else apply();
  });
}
show.form.addEventListener("submit", () => clearTimeout(resting));
show.hidden = true;
comeBack();

/** What is typed, whole or begun, as the list has it; where there is no list, whoever answers knows. */
const placed = async () => {
  const wanted = field.value.trim().toLowerCase(), all = await places();
  if (field.value === field.defaultValue || !wanted) return;
  const find = (place) => all.find((names) => names.some(it => place(it.toLowerCase())));
  const found = find(it => it.startsWith(wanted)) ?? find(it => it.includes(wanted));
  if (all.length && !found) {
    field.setCustomValidity(field.dataset.unknown);
    return field.reportValidity();
  }
  field.value = found?.[0] ?? field.value;
  apply();
};
field.addEventListener("focus", () => field.select());
field.addEventListener("change", placed);
field.addEventListener("input", (event) => {
  field.setCustomValidity("");
  if (event.inputType !== "insertText" && [...field.list.options].some(it => it.value === field.value)) placed();
});
field.addEventListener("keydown", (event) => {
  if (event.key !== "Enter") return;
  event.preventDefault();
  placed();
});

/** Whoever is elsewhere than their link says is offered the times of where they are. */
const offerDevice = () => {
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!here || field.dataset.zone === here) return;
  const device = document.getElementById("device"), button = device.firstElementChild;
  button.textContent = button.dataset.say.replace("{zone}", here.split("/").at(-1).replaceAll("_", " "));
  button.addEventListener("click", () => { field.value = here; apply(); });
  device.hidden = false;
};
offerDevice();

const AHEAD = document.dir === "rtl" ? -1 : 1; // days run the way the page is read
const STEPS = { ArrowLeft: [0, -AHEAD], ArrowRight: [0, AHEAD], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

grid.addEventListener("keydown", (event) => {
  const step = STEPS[event.key];
  const cell = event.target.closest("td");
  if (!step || !cell) return;
  event.preventDefault();
  const rows = cell.closest("table").rows;
  let [row, column] = place(cell);
  for (;;) {
    row += step[0];
    column += step[1];
    const line = rows[row];
    if (!line || (step[1] && !line.cells[column])) return;
    const button = line.cells[column]?.querySelector("button"); // a folded row has no columns
    if (button?.offsetParent) return button.focus(); // a list leaves out what is closed
  }
});

grid.addEventListener("focusin", (event) => {
  if (event.target.matches("td button")) {
    at = event.target.value;
    settle();
  }
});

document.getElementById("arrows").hidden = false;
dress();
settle();
setTimeout(live, EVERY);
