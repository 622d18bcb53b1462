// Moving a card by keys: Space or Enter on its handle picks it up, arrows choose
// a day, Enter drops, Escape cancels.
import { countOf, dateOf, fill, isPast, isTray, placeName, placeOf, postName, shiftDate } from "./cards.js";
import { mark } from "./drag.js";
import { move, refuse, say } from "./move.js";

const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 };

export class PickUp {
  #cal;
  #held = null; // {card, over}

  constructor(cal) { this.#cal = cal; }

  get active() { return this.#held !== null; }

  // key handles a key on a handle; true if it was for us.
  key(e) {
    if (e.ctrlKey || e.altKey || e.metaKey) return false;
    const drops = e.key === "Enter" || e.key === " ";
    if (!this.#held) {
      if (!drops) return false;
      this.#take(e.target.closest("li"));
    } else if (drops) this.#drop();
    else if (e.key === "Escape") this.#cancel();
    else if (steps[e.key]) this.#step(steps[e.key]);
    else return e.key !== "Tab";
    e.preventDefault();
    e.stopPropagation();
    return true;
  }

  // left cancels when the focus goes elsewhere.
  left(e) { if (this.#held && e.target.matches(".grab") && !this.#held.card.contains(e.relatedTarget)) this.#cancel(); }

  // settled forgets a card that is not there any more.
  settled() { if (this.#held && !this.#held.card.isConnected) this.#end(); }

  #take(card) {
    this.#held = { card, over: placeOf(card) };
    card.classList.add("is-held");
    mark(this.#held.over);
    this.#cal.busy();
    this.#say("sayPicked", this.#held.over);
  }

  #step(days) {
    const { over } = this.#held;
    const today = this.#cal.querySelector("td[aria-current]") ?? this.#cal.querySelector("td.day");
    const next = isTray(over) ? today : document.getElementById(`day-${shiftDate(dateOf(over), { days })}`);
    if (!next) return;
    this.#held.over = next;
    mark(next);
    next.scrollIntoView({ block: "nearest" });
    this.#say(isPast(next) ? "sayOverPast" : "sayOver", next);
  }

  #drop() {
    const { card, over } = this.#held;
    if (isPast(over) && over !== placeOf(card)) return refuse(this.#cal, over);
    if (over === placeOf(card)) return this.#cancel();
    this.#end();
    move(this.#cal, card, null, over, "keys");
  }

  #cancel() {
    this.#say("sayCancelled", placeOf(this.#held.card));
    this.#end();
  }

  #end() {
    this.#held.card.classList.remove("is-held");
    this.#held = null;
    mark(null);
    this.#cal.busy();
  }

  #say(what, place) {
    say(fill(this.#cal.dataset[what], { post: postName(this.#held.card), day: placeName(place), count: countOf(place) }));
  }
}
