// The calendar: posts are moved by dragging and by keys, days are walked with
// the arrows. Everything it does can be done without it.
import { approach, cancelDrag, dragging, press, release } from "../calendar/drag.js";
import { move } from "../calendar/move.js";
import { PickUp } from "../calendar/pickup.js";
import { rove, walk } from "../calendar/rove.js";
import { shortcut } from "../calendar/shortcuts.js";

const OUTLINE_MS = 2000;
const wide = matchMedia("(min-width: 48rem)");

class Calendar extends HTMLElement {
  #stop = new AbortController();
  #pick = new PickUp(this);
  #moved = null; // id of the card that gets the focus once the days are drawn
  #date = null; // day that gets the focus once its month is drawn
  #above = null; // id of the day above which earlier ones come
  #toToday = false;
  #tray = wide.matches; // whether the drafts are unfolded
  turnedByKey = false; // the heading gets the focus once the page is turned
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
    on(document, "bs:settled", (e) => this.#settled(e.detail));
    on(this, "click", (e) => this.#turning(e));
    this.addEventListener("toggle", (e) => { if (e.target.matches(".tray-fold")) this.#tray = e.target.open; }, { signal: this.#stop.signal, capture: true });
    on(document, "bs:moved", (e) => { this.#moved = e.detail.id; });
    on(document, "bs:conflict", (e) => { this.#moved = e.detail.id; this.refresh(); });
    on(document, "keydown", (e) => { if (e.key === "Escape") cancelDrag(); else shortcut(this, e); });
    this.#settled();
    // Before it has loaded, a page that is opened at a card takes the focus away.
    if (document.readyState === "complete") this.#arrive();
    else on(window, "load", () => setTimeout(() => this.#arrive()));
    (window.requestIdleCallback ?? ((fn) => setTimeout(fn, 500)))(() => approach(this, this.#drop));
    if (this.hasAttribute("data-print")) window.print();
  }

  disconnectedCallback() { this.#stop.abort(); this.#stop = new AbortController(); }

  // busy keeps changes of others away while something is being moved or chosen.
  busy(on = false) {
    this.toggleAttribute("data-busy", on || this.#pick.active || !!this.querySelector('.dots[aria-expanded], .is-moving, .pc-drag'));
  }

  // refresh asks for the days as they are now.
  refresh() { this.querySelector("#cal-body")?.dispatchEvent(new Event("bs:refresh")); }

  // arrive shows what one came for: the post that was just put here, or the
  // present week.
  #arrive() {
    const id = location.hash.match(/^#card-(\d+)$/)?.[1];
    if (id) {
      this.#moved = id;
      return this.#showMoved();
    }
    const kind = performance.getEntriesByType("navigation")[0]?.type;
    if (kind === "navigate" && scrollY < 1) this.#showToday();
  }

  // showToday brings the present week of a month into view, with the one after it.
  #showToday() {
    const week = this.querySelector("td[aria-current]")?.closest("tr");
    const next = week?.nextElementSibling ?? week;
    if (wide.matches && next && next.getBoundingClientRect().bottom > innerHeight) week.scrollIntoView({ block: "start" });
  }

  #turning(e) {
    const link = e.target.closest("[data-earlier], [data-key='t']");
    if (!link) return;
    this.#toToday = link.matches("[data-key='t']");
    if (!this.#toToday) this.#above = [...this.querySelectorAll(".day")].find((d) => d.checkVisibility())?.id;
  }

  #settled(what) {
    rove(this);
    dragging(this, this.#drop);
    this.#pick.settled();
    const tray = this.querySelector(".tray-fold");
    if (tray) tray.open = this.#tray;
    if (this.#date) {
      const link = this.querySelector(`#day-${this.#date} .day-link`);
      if (link) { this.#date = null; link.focus(); }
    }
    if (what === this) this.#turned();
    this.#showMoved();
    this.busy();
  }

  // turned puts the eye and the focus where the page was turned to.
  #turned() {
    if (this.#above) document.getElementById(this.#above)?.scrollIntoView({ block: "center" });
    if (this.turnedByKey) this.querySelector("h1").focus({ preventScroll: true });
    if (this.#toToday) this.#showToday();
    this.#above = null;
    this.turnedByKey = this.#toToday = false;
  }

  // showMoved outlines the card that was moved and puts the focus on it.
  #showMoved() {
    const card = this.#moved && this.querySelector(`#card-${this.#moved}`);
    this.#moved = null;
    if (!card || document.querySelector("dialog[open]")) return;
    card.classList.add("is-moved");
    card.scrollIntoView({ block: "center" });
    setTimeout(() => card.classList.remove("is-moved"), OUTLINE_MS);
    card.querySelector(".pc-text").focus({ preventScroll: true });
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
