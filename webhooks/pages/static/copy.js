// An address is copied by a button where the browser lets a page do that; without, it is marked and copied by hand.

const button = document.getElementById("copy"), field = document.getElementById("address");
field.addEventListener("focus", () => field.select());
if (navigator.clipboard) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(field.value);
    document.getElementById("copied").textContent = button.dataset.done;
  });
}
