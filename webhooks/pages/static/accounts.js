// The accounts, live: those that are being read are looked at until they are, and all of them when the coach comes back
// from where an account is connected or repaired, which opens beside a frame.

import { later, picked, swap, tell } from "./grid.js";

const accounts = document.getElementById("accounts");
const waiting = () => accounts.querySelector(".waiting");
const shown = () => accounts.querySelectorAll(".account").length;
// Swapping would take away what somebody is at: the focus, a menu, a choice that is not saved.
const atWork = () => accounts.contains(document.activeElement) || picked();
let watching = false;

async function look() {
  if (atWork()) return;
  const answer = await fetch("/settings/accounts").catch(() => null);
  if (!answer?.ok) return;
  const html = await answer.text(), waited = waiting(), before = shown();
  if (atWork()) return;
  swap(accounts, html);
  if (shown() > before) tell(accounts.dataset.connected);
  if (waited && !waiting()) later();
}

/** `pause`: until the first look. It goes on while one is being read for the first time. */
async function watch(pause) {
  if (watching) return;
  watching = true;
  for (let left = 40; left && (!pause || waiting()); left--) {
    await new Promise((done) => setTimeout(done, pause));
    await look();
    pause = 2500;
  }
  watching = false;
}

function back() {
  if (document.visibilityState === "visible") watch(0);
}

watch(2500);
addEventListener("focus", back);
document.addEventListener("visibilitychange", back);
