// Dragging cards to days, with mouse, pen and, after a long press, touch.
import { isPast, placeOf, places } from "./cards.js";

const LONG_PRESS_MS = 350;
const wide = matchMedia("(min-width: 48rem)");

let Sortable = null; // the library, once it is here
let fetching = false;
let early = null; // a press that came before it
let drag = null; // {card, next, over, cancelled}: the card that is being dragged

// approach fetches the library when a pointer first comes to the calendar: a
// mouse comes before it presses, and whoever only reads never waits for it.
export async function approach(cal, drop) {
  if (Sortable || fetching || !wide.matches || !cal.querySelector("table li[data-move], .tray li[data-move]")) return;
  fetching = true;
  try {
    const library = await import("../../vendor/sortable.core.min.js");
    library.Sortable.mount(new library.AutoScroll());
    Sortable = library.Sortable;
  } catch { // no connection: the next pointer tries again
    return;
  } finally {
    fetching = false;
  }
  dragging(cal, drop);
  early?.target.dispatchEvent(new PointerEvent("pointerdown", early));
  early = null;
}

// press keeps a press until the library is here: a finger is seen when it
// touches, not before.
export function press(e) { if (!Sortable && e.target.closest(".pc[data-move]")) early = e; }
export function release() { early = null; }

// dragging makes the cards of every list movable. Lists that are so already are
// left alone. The card itself stays where it is until it is let go: nothing on
// the page shifts under the pointer.
export function dragging(cal, drop) {
  if (!Sortable || !wide.matches) return;
  for (const list of cal.querySelectorAll("td .cards, .tray .cards")) {
    if (Sortable.get(list)) continue;
    Sortable.create(list, {
      group: { name: "posts", put: false }, sort: false, draggable: "li[data-move]:not(.is-moving)", filter: ".dots", preventOnFilter: false,
      forceFallback: true, fallbackOnBody: true, fallbackTolerance: 5, fallbackClass: "pc-drag", ghostClass: "pc-ghost",
      delay: LONG_PRESS_MS, delayOnTouchOnly: true, touchStartThreshold: 5,
      onStart: (e) => start(cal, e.item), onEnd: (e) => end(cal, e, drop),
    });
  }
}

function start(cal, card) {
  drag = { card, next: card.nextSibling, over: null, cancelled: false };
  document.addEventListener("pointermove", follow);
  cal.busy(true);
  if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.(10);
}

// below is the day or the tray under a pointer.
const below = ({ clientX, clientY }) => document.elementFromPoint(clientX, clientY)?.closest(places) ?? null;

// follow marks the day under the pointer; days that are over take nothing.
function follow(e) {
  const place = below(e);
  if (place === drag.over) return;
  drag.over = place;
  mark(place);
}

export function mark(place) {
  for (const old of document.querySelectorAll("[data-over]")) old.removeAttribute("data-over");
  place?.setAttribute("data-over", isPast(place) ? "no" : "yes");
}

// end moves the card to the day it was let go over; anywhere else it stays.
function end(cal, { item, originalEvent }, drop) {
  const { next, cancelled } = drag;
  drag = null;
  document.removeEventListener("pointermove", follow);
  mark(null);
  const point = originalEvent?.changedTouches?.[0] ?? originalEvent;
  const place = point?.clientX === undefined ? null : below(point);
  if (cancelled || !place || place === placeOf(item) || isPast(place)) {
    cal.busy();
    return;
  }
  drop(item, { parent: item.parentNode, next }, place);
}

// cancelDrag lets go of the card that is being dragged, where it was.
export function cancelDrag() {
  if (!drag) return;
  drag.cancelled = true;
  document.dispatchEvent(new PointerEvent("pointerup", { bubbles: true }));
}
