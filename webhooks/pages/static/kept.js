// A time that is kept for a participant: the confirmation says when it is kept no longer, and whoever comes back to the week,
// be it by the browser's own button, gives it back.
const said = document.getElementById("kept"), pick = document.getElementById("pick");

if (said) {
  const ends = Date.now() + 1000 * Number(said.dataset.left);
  const timer = setInterval(() => { // a machine that slept counts no seconds: its clock does
    if (Date.now() < ends) return;
    clearInterval(timer);
    said.textContent = said.dataset.over;
  }, 1000);
}

const CHOSE = "book-chose"; // of this tab: another one that looks at the week gives nothing back
if (pick) {
  pick.addEventListener("submit", (event) => {
    if (event.submitter?.id === "show") return;
    try { sessionStorage.setItem(CHOSE, "1"); } catch { /* a frame without storage: what is kept ends by itself */ }
  });
  addEventListener("pageshow", (event) => {
    let chose = null;
    try { chose = sessionStorage.getItem(CHOSE); sessionStorage.removeItem(CHOSE); } catch { /* as above */ }
    if (!chose || !(event.persisted || "kept" in pick.dataset)) return;
    const body = new URLSearchParams(new FormData(pick));
    body.set("show", "1");
    fetch(pick.action, { method: "POST", body, redirect: "manual" }).catch(() => {});
  });
}
