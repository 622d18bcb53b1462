// The calendar: posts are moved by dragging and by keys, days are walked with
// the arrows. Everything it does can be done without it.
import { approach, cancelDrag, dragging, press, release } from "../calendar/drag.js";
import { move } from "../calendar/move.js";
import { PickUp } from "../calendar/pickup.js";
import { rove, walk } from "../calendar/rove.js";
import { shortcut } from "../calendar/shortcuts.js";

const OUTLINE_MS = 4000;

class Calendar extends HTMLElement {
  #stop = new AbortController();
  #pick = new PickUp(this);
  #moved = null; // id of the card that gets the focus once the days are drawn
  #date = null; // day that gets the focus once its month is drawn
  #drop = (card, from, to) => move(this, card, from, to, "drag");

  connectedCallback() {
    const on = (target, type, fn) => target.addEventListener(type, fn, { signal: this.#stop.signal });
    on(this, "keydown", (e) => this.#key(e));
    on(this, "focusin", (e) => { if (e.target.matches(".day-link")) rove(this, e.target); });
    on(this, "focusout", (e) => this.#pick.left(e));
    on(this, "pointerover", () => approach(this, this.#drop));
    on(this, "pointerdown", press);
    for (const end of ["pointerup", "pointercancel"]) on(document, end, release);
    on(this, "dragstart", (e) => { if (e.target.closest(".pc[data-move]")) e.preventDefault(); });
    // A long press takes the card; it is not for the menu of the link.
    on(this, "contextmenu", (e) => { if (e.pointerType === "touch" && e.target.closest(".pc[data-move]")) e.preventDefault(); });
    on(document, "bs:menu", () => this.busy());
    on(document, "bs:settled", () => this.#settled());
    on(document, "bs:moved", (e) => { this.#moved = e.detail.id; });
    on(document, "bs:conflict", (e) => { this.#moved = e.detail.id; this.refresh(); });
    on(document, "keydown", (e) => { if (e.key === "Escape") cancelDrag(); else shortcut(this, e); });
    this.#settled();
    if (this.hasAttribute("data-print")) window.print();
  }

  disconnectedCallback() { this.#stop.abort(); this.#stop = new AbortController(); }

  // busy keeps changes of others away while something is being moved or chosen.
  busy(on = false) {
    this.toggleAttribute("data-busy", on || this.#pick.active || !!this.querySelector('.dots[aria-expanded], .is-moving, .pc-drag'));
  }

  // refresh asks for the days as they are now.
  refresh() { this.querySelector("#cal-body")?.dispatchEvent(new Event("bs:refresh")); }

  #settled() {
    rove(this);
    dragging(this, this.#drop);
    this.#pick.settled();
    if (this.#date) {
      const link = this.querySelector(`#day-${this.#date} .day-link`);
      if (link) { this.#date = null; link.focus(); }
    }
    this.#showMoved();
    this.busy();
  }

  // showMoved outlines the card that was moved and puts the focus on it.
  #showMoved() {
    const card = this.#moved && this.querySelector(`#card-${this.#moved}`);
    this.#moved = null;
    if (!card || document.querySelector("dialog[open]")) return;
    card.classList.add("is-moved");
    setTimeout(() => card.classList.remove("is-moved"), OUTLINE_MS);
    card.querySelector(".pc-text").focus();
  }

  #key(e) {
    if (e.target.matches(".grab") && this.#pick.key(e)) return;
    if (e.target.matches(".day-link")) {
      const date = walk(this, e);
      if (date) this.#go(date);
    }
  }

  // go turns to the month of a day and puts the focus on it.
  #go(date) {
    this.#date = date;
    const url = new URL(location.href);
    url.searchParams.set("date", date);
    url.searchParams.delete("print");
    htmx.ajax("GET", url.pathname + url.search, { source: this, target: "#cal", swap: "morph:outerHTML" });
  }
}

customElements.define("bs-calendar", Calendar);
