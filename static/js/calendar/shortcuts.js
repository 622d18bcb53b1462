// Single keys of the calendar. Never while somebody types, with a dialog open,
// or when they are switched off.
const same = { j: "n", k: "p" };
const ofCard = { r: ".to-move", e: ".to-edit" };

export function shortcut(cal, e) {
  if (!("shortcuts" in document.body.dataset) || e.defaultPrevented || e.ctrlKey || e.altKey || e.metaKey || e.repeat) return;
  if (e.target.closest?.("input, select, textarea, [contenteditable]") || document.querySelector("dialog[open]")) return;
  const selector = ofCard[e.key] ? ofCard[e.key] : /^[a-z?]$/.test(e.key) && `[data-key="${same[e.key] ?? e.key}"]`;
  if (!selector) return;
  const from = ofCard[e.key] ? document.activeElement?.closest("li[id^='card-']") : cal;
  const link = from?.querySelector(selector);
  if (!link) return;
  e.preventDefault();
  link.click();
}
