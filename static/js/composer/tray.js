// The tray of pictures. The words of the chosen one stand below it. Pictures are
// put into order by keys (Space on one picks it up), by buttons and by dragging.
import { draggable } from "./traydrag.js";

export class Tray {
  #box;
  #list;
  #held = null; // {tile, from}: picked up by a key
  #moving = false; // in the page, which takes the focus from it

  constructor(box, signal) {
    this.#box = box;
    this.#list = box.querySelector("#tray");
    const on = (name, fn) => this.#list.addEventListener(name, fn, { signal });
    on("click", (e) => this.#clicked(e));
    on("keydown", (e) => this.#pressed(e));
    on("keyup", (e) => { if (e.key === " " && e.target.matches(".tile-choose")) e.preventDefault(); });
    on("focusout", () => { if (this.#held && !this.#moving) this.#drop(); });
    on("focusin", (e) => { const tile = e.target.closest(".tile-words")?.closest(".tile"); if (tile) this.choose(tile); });
    on("bs:choose", (e) => this.choose(e.target));
    draggable(this.#list, (tile, beside, after) => { this.#put(tile, after ? beside.nextSibling : beside); this.#changed(tile, "dropped"); }, signal);
  }

  get tiles() { return [...this.#list.querySelectorAll(".tile")]; }

  choose(tile) {
    for (const t of this.tiles) {
      t.toggleAttribute("data-chosen", t === tile);
      t.querySelector(".tile-choose").setAttribute("aria-expanded", t === tile);
    }
  }

  // arrived puts the tile of a picture in the place that was kept for it.
  arrived(tile, place) {
    const chosen = this.#list.querySelector("[data-chosen]");
    place.replaceWith(tile);
    this.choose(chosen ?? tile);
  }

  #clicked(e) {
    const button = e.target.closest("button"), tile = button?.closest(".tile");
    if (!tile) return;
    if (button.matches(".tile-choose")) return this.choose(tile);
    if (!button.matches(".tile-tools button")) return;
    e.preventDefault();
    e.stopPropagation();
    if (button.matches(".tile-remove")) return this.#remove(tile);
    this.#step(tile, button.matches(".tile-up") ? -1 : 1);
    const there = button.checkVisibility() ? button : tile.querySelector(button.matches(".tile-up") ? ".tile-down" : ".tile-up");
    there.focus();
    this.#changed(tile, "dropped");
  }

  #pressed(e) {
    if (!e.target.matches(".tile-choose") || e.ctrlKey || e.altKey || e.metaKey) return;
    const tile = e.target.closest(".tile");
    if (!this.#held) {
      if (e.key !== " ") return;
      this.#held = { tile, from: this.tiles.indexOf(tile) };
      tile.classList.add("is-held");
      this.#say(tile, "picked");
    } else if (e.key === " " || e.key === "Enter") this.#drop();
    else if (e.key === "Escape") this.#cancel();
    else {
      const by = this.#distance(e.key);
      if (by === undefined) return;
      this.#step(tile, by);
      tile.querySelector(".tile-choose").focus();
      this.#say(tile, "place");
    }
    e.preventDefault();
    e.stopPropagation();
  }

  // distance is how many places a key moves a picture.
  #distance(key) {
    const tops = this.tiles.map((t) => t.querySelector(".tile-face").offsetTop);
    const line = tops.filter((top) => top === tops[0]).length;
    const onwards = getComputedStyle(this.#list).direction === "rtl" ? -1 : 1;
    return { ArrowLeft: -onwards, ArrowRight: onwards, ArrowUp: -line, ArrowDown: line, Home: -Infinity, End: Infinity }[key];
  }

  #step(tile, by) {
    const all = this.tiles, at = all.indexOf(tile), to = Math.min(Math.max(at + by, 0), all.length - 1);
    if (to !== at) this.#put(tile, to > at ? all[to].nextSibling : all[to]);
  }

  #put(tile, before) {
    const focused = tile.contains(document.activeElement) ? document.activeElement : null;
    this.#moving = true;
    this.#list.insertBefore(tile, before);
    focused?.focus();
    this.#moving = false;
  }

  #drop() {
    const { tile, from } = this.#end();
    if (this.tiles.indexOf(tile) === from) this.#say(tile, "cancelled");
    else this.#changed(tile, "dropped");
  }

  #cancel() {
    const { tile, from } = this.#end();
    this.#step(tile, from - this.tiles.indexOf(tile));
    tile.querySelector(".tile-choose").focus();
    this.#say(tile, "cancelled");
  }

  #end() {
    const held = this.#held;
    this.#held = null;
    held.tile.classList.remove("is-held");
    return held;
  }

  #remove(tile) {
    const all = this.tiles, at = all.indexOf(tile), next = all[at + 1] ?? all[at - 1];
    tile.remove();
    if (next) this.choose(next);
    (next?.querySelector(".tile-choose") ?? this.#box.querySelector("[type=file]")).focus();
    this.#changed(tile, "removed");
  }

  #changed(tile, what) {
    this.#say(tile, what);
    this.#list.dispatchEvent(new Event("input", { bubbles: true }));
  }

  #say(tile, what) {
    const all = this.tiles, words = { file: tile.dataset.name, n: all.indexOf(tile) + 1, all: all.length };
    document.getElementById("say").textContent = this.#box.dataset[`${what}Text`].replace(/\{(\w+)\}/g, (_, k) => words[k]);
  }
}
