// A visit ends two hours after its link was followed: that is said five minutes before. What is typed then is kept by
// another module, which most visits never need.
const WARNED = 5 * 60_000, OFTEN = 5_000;
const ending = document.getElementById("ending"), form = document.querySelector("form[data-keep]");
const ends = Date.now() + 1000 * Number(ending?.dataset.left ?? 0);

/** Called now and then with the milliseconds that are left. */
export function often(look) {
  look(ends - Date.now());
  setInterval(() => look(ends - Date.now()), OFTEN);
  document.addEventListener("visibilitychange", () => look(ends - Date.now()));
}

const kept = () => { try { return localStorage.length; } catch { return 0; } }; // a frame may have no storage
const drafts = () => form && import("./drafts.js");

if (ending) often((left) => {
  if (left > WARNED) return;
  const [soon, over] = ending.children;
  soon.hidden = left <= 0;
  over.hidden = left > 0;
  ending.hidden = false;
  drafts();
});
if (kept()) drafts();
