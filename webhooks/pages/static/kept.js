// The time that is kept while somebody confirms it: once it is kept no longer, the page says so.
const kept = document.getElementById("kept"), ends = Date.now() + 1000 * Number(kept.dataset.left);

const timer = setInterval(() => { // a machine that slept counts no seconds: its clock does
  if (Date.now() < ends) return;
  clearInterval(timer);
  kept.textContent = kept.dataset.over;
}, 1000);
