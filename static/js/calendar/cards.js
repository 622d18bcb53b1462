// What a card and a day are called, and where they are.
export const places = "td.day, .tray";

export const placeOf = (el) => el.closest(places);
export const isTray = (place) => place.matches(".tray");
export const isPast = (place) => place.hasAttribute("data-past");
export const dateOf = (place) => (isTray(place) ? "" : place.id.slice("day-".length));
export const idOf = (card) => card.id.slice("card-".length);

// pathOf is the address of a card's post, or of what is done with it: "move",
// "edit".
export const pathOf = (card, what) => card.querySelector(".pc-text").pathname + (what ? `/${what}` : "");

// act does with a post what its card allows: it is moved in a dialog and edited
// on its page. The focus comes back to where it was.
export function act(card, what) {
  if (!(what in card.dataset)) return false;
  if (what !== "move") location.href = pathOf(card, what);
  else htmx.ajax("GET", pathOf(card, what), { source: document.activeElement, target: "#dialog-root", swap: "innerHTML" });
  return true;
}

export const postName = (card) => card.querySelector(".pc-text").firstChild.textContent.trim();
export const placeName = (place) => place.querySelector(".day-name, h2").textContent.trim();
// countOf is what stands after a day's name: ", 2 posts, today".
export const countOf = (place) => place.querySelector(".day-link .vh")?.textContent.replace(/^[,\s]+/, "") ?? "";

// fill puts words into the brackets of a message: "[post] stays on [day]."
export const fill = (text, words) => text.replace(/\[(\w+)\]/g, (all, name) => words[name] ?? all);

// put adds a card to a list where its time belongs.
export function put(card, list) {
  const time = card.querySelector("b")?.textContent ?? "";
  const after = [...list.children].find((other) => other !== card && (other.querySelector("b")?.textContent ?? "") > time);
  list.insertBefore(card, after ?? null);
}

// shiftDate adds days to a date like 2026-11-24.
export function shiftDate(date, { days = 0, months = 0 }) {
  const [y, m, d] = date.split("-").map(Number);
  const last = new Date(Date.UTC(y, m - 1 + months + 1, 0)).getUTCDate();
  return new Date(Date.UTC(y, m - 1 + months, months ? Math.min(d, last) : d + days)).toISOString().slice(0, 10);
}
