// Sends a move. The card is at its new place at once, and exactly back at its
// old one if the answer is not yes.
import { dateOf, fill, idOf, isTray, placeName, places, postName, put } from "./cards.js";

const TIMEOUT_MS = 15000;
const SAY_AFTER_MS = 700;
// These answers carry the days as they are; anything else says nothing.
const answers = new Set([200, 401, 403, 404, 409, 422]);

export function say(text, now = false) { document.getElementById(now ? "say-now" : "say").textContent = text; }

export const toast = (text, kind = "problem") => document.dispatchEvent(new CustomEvent("bs:toast", { detail: { kind, text } }));

// refuse says why a card stays where it is.
export function refuse(cal, place) { toast(fill(cal.dataset.refusedPast, { day: placeName(place) }), "note"); }

// move takes a card to a day or the tray. origin is where it was, if it has
// been dragged away from there: {parent, next}.
export function move(cal, card, origin, place, via) {
  const back = origin ?? { parent: card.parentNode, next: card.nextSibling };
  const from = back.parent.closest(places);
  if (!navigator.onLine) {
    back.parent.insertBefore(card, back.next);
    return toast(cal.dataset.offline);
  }
  const values = new URLSearchParams({
    op: crypto.randomUUID?.() ?? String(Math.random()).slice(2) + Date.now(),
    version: card.dataset.v, from: from ? dateOf(from) || "tray" : "", to_date: dateOf(place), to_time: "", tz: cal.dataset.zone, via,
    ctx: location.pathname + location.search,
  });
  if (isTray(place)) values.set("unschedule", "1");
  return send(cal, card, back, place, values);
}

async function send(cal, card, back, place, values) {
  const rollback = optimistic(cal, card, back, place);
  const words = { post: postName(card), day: placeName(place) };
  const slow = setTimeout(() => say(fill(cal.dataset.sayMoving, words)), SAY_AFTER_MS);
  await ask(cal, idOf(card), place.id, values, () => { clearTimeout(slow); rollback(); });
}

// ask sends the move of a post and shows what comes of it.
async function ask(cal, post, place, values, answered = () => {}) {
  cal.busy(true);
  const answer = await sent(`/posts/${post}/move`, values);
  answered();
  if (answer && answers.has(answer.status)) apply(answer);
  cal.busy();
  if (answer?.status === 401) {
    // Signed in again, the same move is sent again.
    document.dispatchEvent(new Event("bs:parked"));
    document.addEventListener("bs:signed-in", () => retry(cal, post, place, values), { once: true });
  } else if (!answer || !answers.has(answer.status)) {
    // It may have happened, though no answer came: the days will tell.
    cal.refresh();
    toast(cal.dataset.failed);
    offerAgain(cal.dataset.again, () => retry(cal, post, place, values));
  }
}

// retry sends the same request, with the same key: it never moves twice. Where the
// card or the day is on the page no more, as in another month, it is sent all the same.
function retry(cal, post, place, values) {
  const card = document.getElementById(`card-${post}`), there = document.getElementById(place);
  if (card && there) return send(cal, card, { parent: card.parentNode, next: card.nextSibling }, there, values);
  values.set("ctx", location.pathname + location.search); // whose days the answer brings
  return ask(cal, post, place, values);
}

async function sent(url, body) {
  try {
    const res = await fetch(url, { method: "POST", headers: { "HX-Request": "true" }, body, signal: AbortSignal.timeout(TIMEOUT_MS) });
    return { status: res.status, headers: res.headers, text: await res.text() };
  } catch {
    return null;
  }
}

// optimistic shows the card at its new place, and something of its height at
// the old one. It returns how to put everything back.
function optimistic(cal, card, back, place) {
  const gap = document.createElement("li");
  gap.className = "pc-gap";
  gap.setAttribute("aria-hidden", "true");
  gap.style.blockSize = `${card.offsetHeight}px`;
  back.parent.insertBefore(gap, back.next);
  put(card, place.querySelector(".cards"));
  card.setAttribute("aria-busy", "true");
  card.classList.add("is-moving");
  const note = document.createElement("span");
  note.className = "vh";
  note.textContent = cal.dataset.movingShort;
  card.append(note);
  return () => {
    note.remove();
    card.classList.remove("is-moving");
    card.removeAttribute("aria-busy");
    if (gap.isConnected) gap.replaceWith(card);
  };
}

// apply shows what the server sent: days and messages out of band, a dialog if
// there is a question.
function apply({ headers, text }) {
  const trigger = headers.get("HX-Trigger");
  if (trigger) {
    for (const [name, detail] of Object.entries(JSON.parse(trigger))) document.dispatchEvent(new CustomEvent(name, { detail }));
  }
  const target = headers.get("HX-Retarget");
  htmx.swap(target ?? "#dialog-root", text, { swapStyle: target ? "innerHTML" : "none" });
  document.dispatchEvent(new CustomEvent("bs:settled"));
}

// offerAgain puts a button into the message that was just shown.
function offerAgain(label, act) {
  const last = document.querySelector("#toasts > .toast:last-child");
  if (!last) return;
  const b = document.createElement("button");
  b.type = "button";
  b.className = "btn";
  b.dataset.size = "s";
  b.textContent = label;
  b.addEventListener("click", () => { last.remove(); act(); }, { once: true });
  last.querySelector("[data-close]").before(b);
}
