// Single keys of the calendar. Never while somebody types, with a dialog open,
// or when they are switched off.
import { act } from "./cards.js";

const same = { j: "n", k: "p" };
const ofCard = { r: "move", e: "edit" };

export function shortcut(cal, e) {
  if (!("shortcuts" in document.body.dataset) || e.defaultPrevented || e.ctrlKey || e.altKey || e.metaKey || e.repeat) return;
  if (e.target.closest?.("input, select, textarea, [contenteditable]") || document.querySelector("dialog[open]")) return;
  if (ofCard[e.key]) {
    const card = document.activeElement?.closest("li[id^='card-']");
    if (card && act(card, ofCard[e.key])) e.preventDefault();
    return;
  }
  const link = /^[a-z?]$/.test(e.key) && cal.querySelector(`[data-key="${same[e.key] ?? e.key}"]`);
  if (!link) return;
  e.preventDefault();
  // A dialog gives the focus back to where the key was pressed.
  if (link.getAttribute("hx-target") !== "#dialog-root") {
    cal.turnedByKey = true;
    link.click();
  }
  else htmx.ajax("GET", link.getAttribute("hx-get"), { source: document.activeElement, target: "#dialog-root", swap: "innerHTML" });
}
