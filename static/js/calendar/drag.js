// Dragging cards to days, with mouse, pen and, after a long press, touch.
import { isPast, placeOf, places } from "./cards.js";
import { refuse } from "./move.js";

const LONG_PRESS_MS = 350, TURN_AFTER_MS = 800;
const wide = matchMedia("(min-width: 48rem)");

let Sortable = null; // the library, once it is here
let fetching = false;
let early = null; // a press that came before it
let drag = null; // {cal, card, next, over, arrow, timer, cancelled}: the card that is being dragged

// approach fetches the library, once the page is there and has nothing else to
// do: nobody waits for it, and on a slow line it is here before the first drag.
// A pointer that comes earlier asks for it at once.
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
  drag = { cal, card, parent: card.parentNode, next: card.nextSibling, over: null, arrow: null, timer: 0, cancelled: false };
  document.addEventListener("pointermove", follow);
  cal.busy(true);
  if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.(10);
}

// below is the day or the tray under a pointer.
const below = ({ clientX, clientY }) => document.elementFromPoint(clientX, clientY)?.closest(places) ?? null;

// follow marks the day under the pointer; days that are over take nothing. Over
// the arrows, the page turns.
function follow(e) {
  const place = below(e), arrow = place ? null : document.elementFromPoint(e.clientX, e.clientY)?.closest("#turn-p, #turn-n");
  if (arrow?.id !== drag.arrow?.id) {
    clearTimeout(drag.timer);
    drag.timer = arrow ? setTimeout(turn, TURN_AFTER_MS) : 0;
    drag.arrow = arrow;
  }
  if (place === drag.over) return;
  drag.over = place;
  mark(place);
}

// turn goes to another month in the middle of a drag. The card is put by, so that
// it does not go with the month that it is from.
function turn() {
  const { card, cal, arrow } = drag;
  let aside = document.getElementById("drag-aside");
  if (!aside) {
    aside = document.createElement("ul");
    aside.id = "drag-aside";
    aside.hidden = true;
    document.body.append(aside);
    Sortable.create(aside, { disabled: true }); // the library looks for the list of what it drags
  }
  if (card.parentNode !== aside) aside.append(card);
  const href = document.getElementById(arrow.id).getAttribute("href");
  htmx.ajax("GET", href, { source: cal, target: "#cal", swap: "morph:outerHTML" });
  drag.timer = setTimeout(turn, 2 * TURN_AFTER_MS);
}

export function mark(place) {
  for (const old of document.querySelectorAll("[data-over]")) old.removeAttribute("data-over");
  place?.setAttribute("data-over", isPast(place) ? "no" : "yes");
}

// end moves the card to the day it was let go over; anywhere else it stays.
function end(cal, { item, originalEvent }, drop) {
  const { parent, next, cancelled, timer } = drag;
  clearTimeout(timer);
  drag = null;
  document.removeEventListener("pointermove", follow);
  mark(null);
  const point = originalEvent?.changedTouches?.[0] ?? originalEvent;
  const place = point?.clientX === undefined ? null : below(point);
  const aside = item.closest("#drag-aside");
  const stays = cancelled || !place || place === placeOf(item) || isPast(place);
  if (stays && !cancelled && place && place !== placeOf(item)) refuse(cal, place);
  if (stays) cal.busy();
  else drop(item, aside ? { parent: aside, next: null } : { parent, next }, place).finally(() => aside?.remove());
  if (stays) aside?.remove();
}

// cancelDrag lets go of the card that is being dragged, where it was.
export function cancelDrag() {
  if (!drag) return;
  drag.cancelled = true;
  document.dispatchEvent(new PointerEvent("pointerup", { bubbles: true }));
}
