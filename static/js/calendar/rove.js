// One day of the month is in the tab order; arrows go from day to day.
import { dateOf, placeOf, shiftDate } from "./cards.js";

// rove puts one day link into the tab order: the given one, the one that was
// there before, today, or the first of the month.
export function rove(cal, wanted) {
  const links = [...cal.querySelectorAll("td .day-link")];
  if (links.length === 0) return;
  const pick = wanted ?? links.find((l) => l === document.activeElement) ?? links.find((l) => l.tabIndex === 0 && l.hasAttribute("tabindex"))
    ?? cal.querySelector("td[aria-current] .day-link") ?? cal.querySelector("td:not([data-out]) .day-link");
  for (const l of links) l.tabIndex = l === pick ? 0 : -1;
}

const steps = { ArrowLeft: { days: -1 }, ArrowRight: { days: 1 }, ArrowUp: { days: -7 }, ArrowDown: { days: 7 } };
const pages = { PageUp: -1, PageDown: 1 };

// walk follows a key on a day link. It returns the date to turn to if the page
// does not hold it.
export function walk(cal, e) {
  const cell = placeOf(e.target);
  if (!cell?.matches("td") || e.ctrlKey || e.altKey || e.metaKey) return null;
  const row = [...cell.parentNode.cells];
  let date;
  if (steps[e.key] && !e.shiftKey) date = shiftDate(dateOf(cell), steps[e.key]);
  else if (pages[e.key]) date = shiftDate(dateOf(cell), { months: pages[e.key] * (e.shiftKey ? 12 : 1) });
  else if (e.key === "Home") date = dateOf(row[0]);
  else if (e.key === "End") date = dateOf(row.at(-1));
  else return null;
  e.preventDefault();
  const link = cal.querySelector(`#day-${date} .day-link`);
  if (!link) return date;
  link.focus();
  return null;
}
