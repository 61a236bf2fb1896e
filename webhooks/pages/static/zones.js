// Time zones by city and country. The list is asked for when somebody is about to choose one; until then, and where it
// cannot be had, the field is a plain one: what is typed is understood where it is sent to.
export const field = document.getElementById("zone");
const list = document.getElementById("zones");
let asked = null;

/** [["Asia/Tokyo", "Tokyo, Japan +09:00"], ...]; nothing while we cannot be reached. */
export const places = () => (asked ??= fetch(list.dataset.from).then(it => it.json()).catch(() => { asked = null; return []; }));

const fill = async () => {
  if (list.options.length) return;
  for (const [zone, name] of await places()) {
    const option = list.appendChild(document.createElement("option"));
    option.value = list.dataset.by === "zone" ? zone : name;
    if (option.value !== name) option.label = name;
  }
};
field.addEventListener("focus", fill, { once: true });
if (field === document.activeElement) fill();
