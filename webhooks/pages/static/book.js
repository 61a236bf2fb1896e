// The page while somebody looks at it: grid and lists asked for again every five seconds, the focus kept; and arrow keys
// between the times of the grid.
const EVERY = 5000;
const grid = document.getElementById("grid");
const said = document.getElementById("said");
const lost = document.getElementById("lost");
let etag = null;
let at = null; // the start that the tab key comes back to

const times = () => [...grid.querySelectorAll("td button")];

const settle = () => {
  const all = times();
  const home = all.find((it) => it.value === at) ?? grid.querySelector("td.o button") ?? all[0];
  for (const it of all) it.tabIndex = it === home ? 0 : -1;
};

const place = (cell) => [cell.parentElement.rowIndex, cell.cellIndex];

const named = (it) => it.getAttribute("aria-label") ?? it.textContent;

const gone = (it) => { said.textContent = said.dataset.gone.replace("{time}", named(it)); };

const swapGrid = (html) => {
  const held = grid.contains(document.activeElement) ? document.activeElement : null;
  const [row, column] = held ? place(held.closest("td") ?? held) : [];
  grid.innerHTML = html;
  settle();
  if (!held) return;
  const same = times().find((it) => it.value === at);
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
  const same = document.getElementById(held.id);
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

const apply = () => {
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

/** Whoever is elsewhere than their link says is offered the times of where they are. */
const offerDevice = () => {
  const zone = document.getElementById("zone"), here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const mine = [...zone.options].find((it) => it.value === here);
  if (!mine || zone.value === here) return;
  const device = document.getElementById("device"), button = device.firstElementChild;
  button.textContent = button.dataset.say.replace("{zone}", mine.textContent);
  button.addEventListener("click", () => { zone.value = here; apply(); });
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
    if (button) return button.focus();
  }
});

grid.addEventListener("focusin", (event) => {
  if (event.target.matches("td button")) {
    at = event.target.value;
    settle();
  }
});

document.getElementById("arrows").hidden = false;
settle();
setTimeout(live, EVERY);
