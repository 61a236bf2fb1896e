// Times stand in the page in UTC, for whoever runs no script; here they are told by the reader's own clock.
// The pages are in English, so of the reader's language only the region counts: it says 12 hours or 24.
const tongue = navigator.language.startsWith("en") ? navigator.language : "en-GB";
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const shown = new Intl.DateTimeFormat(tongue, {
  weekday: "short", day: "numeric", month: "short", year: "numeric",
  hour: "2-digit", minute: "2-digit", second: "2-digit", timeZone: zone, timeZoneName: "short",
});
const generic = new Intl.DateTimeFormat(tongue, { timeZone: zone, timeZoneName: "longGeneric" })
  .formatToParts().find((part) => part.type === "timeZoneName").value;
const named = zone.endsWith("UTC") ? "UTC" : generic;
const city = zone.includes("/") && !zone.endsWith("UTC") ? ` (${zone.split("/").pop().replaceAll("_", " ")})` : "";

for (const it of document.querySelectorAll("time")) it.textContent = shown.format(new Date(it.dateTime));
for (const it of document.querySelectorAll(".zone")) it.textContent = named + city;
