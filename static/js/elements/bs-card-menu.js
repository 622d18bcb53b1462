// The menu of the cards. There is one for all of them: a card's button opens a
// copy of it, with the lines that this card has. Arrows go from line to line,
// Escape gives the focus back to the button. Without it the card's own link
// leads to all that can be done.
import { act, pathOf } from "../calendar/cards.js";

class CardMenu extends HTMLElement {
  #stop;
  #button = null; // whose menu is open
  #list = null;
  #keyDown = false; // that chose a line

  connectedCallback() {
    this.#stop = new AbortController();
    const on = (type, fn) => document.addEventListener(type, fn, { signal: this.#stop.signal });
    on("click", (e) => this.#clicked(e));
    on("keydown", (e) => this.#pressed(e));
    on("focusout", (e) => { if (this.#list?.contains(e.target) && e.relatedTarget && !this.#has(e.relatedTarget)) this.#close(); });
  }

  disconnectedCallback() { this.#close(); this.#stop.abort(); }

  #has(el) { return this.#list?.contains(el) || this.#button?.contains(el); }

  #clicked(e) {
    const button = e.target.closest(".dots");
    if (button && this.#keyDown) return;
    if (button) return button === this.#button ? this.#close(true) : this.#show(button);
    if (!this.#list?.contains(e.target)) return this.#close();
    const line = e.target.closest("a");
    if (!line) return;
    const card = this.#button.closest("li");
    this.#close(true);
    if (line.dataset.for !== "move" || e.ctrlKey || e.metaKey || e.shiftKey) return; // a link like any other
    e.preventDefault();
    act(card, "move");
  }

  #show(button) {
    this.#close();
    const card = button.closest("li");
    const list = this.querySelector("template").content.firstElementChild.cloneNode(true);
    for (const line of list.querySelectorAll("a")) {
      const { for: what } = line.dataset;
      if (what && !(what in card.dataset)) line.remove();
      else line.href = pathOf(card, what);
    }
    list.setAttribute("aria-labelledby", button.getAttribute("aria-labelledby"));
    button.setAttribute("aria-expanded", "true");
    this.#button = button;
    this.#list = list;
    // Outside of the card nothing cuts it off, and it comes after the button.
    button.closest("dialog, main").append(list);
    place(list, button.getBoundingClientRect());
    this.#focus(0);
    this.#tell();
  }

  #close(back = false) {
    const button = this.#button;
    if (!button) return;
    this.#list.remove();
    this.#button = this.#list = null;
    button.removeAttribute("aria-expanded");
    if (back) button.focus();
    this.#tell();
  }

  #tell() { document.dispatchEvent(new CustomEvent("bs:menu")); }

  #focus(n) {
    const lines = [...this.#list.querySelectorAll("a")];
    lines.at(n % lines.length).focus();
  }

  // choose follows a line by a key. The focus goes to the button while the key is
  // still down: letting it go there is no press of the button.
  #choose(line) {
    this.#keyDown = true;
    document.addEventListener("keyup", () => { this.#keyDown = false; }, { once: true });
    line.click();
  }

  #pressed(e) {
    if (e.ctrlKey || e.altKey || e.metaKey) return;
    const down = e.key === "ArrowDown", up = e.key === "ArrowUp";
    const button = e.target.closest?.(".dots");
    if (button && (down || up)) {
      e.preventDefault();
      if (button !== this.#button) this.#show(button);
      return this.#focus(down ? 0 : -1);
    }
    if (!this.#list) return;
    if (e.key === "Escape") {
      e.preventDefault(); // the dialog around it stays
      return this.#close(true);
    }
    if (!this.#list.contains(e.target)) return;
    if (e.key === "Tab") return this.#close(true); // and on from the button
    const lines = [...this.#list.querySelectorAll("a")], at = lines.indexOf(e.target);
    if (down) this.#focus(at + 1);
    else if (up) this.#focus(at - 1);
    else if (e.key === "Home") this.#focus(0);
    else if (e.key === "End") this.#focus(-1);
    else if (e.key === "Enter" || e.key === " ") this.#choose(e.target);
    else if (e.key.length > 1) return;
    else [...lines.slice(at + 1), ...lines.slice(0, at)].find((l) => l.textContent.toLowerCase().startsWith(e.key.toLowerCase()))?.focus();
    e.preventDefault();
  }
}

// place puts a list under a button, or over it where there is no room, and
// always within the window.
function place(list, { right, top, bottom }) {
  const around = list.offsetParent, from = around.getBoundingClientRect();
  const x = Math.max(4, right - list.offsetWidth);
  const y = bottom + list.offsetHeight > innerHeight && top > list.offsetHeight ? top - list.offsetHeight : bottom;
  list.style.left = `${x - from.left - around.clientLeft + around.scrollLeft}px`;
  list.style.top = `${y - from.top - around.clientTop + around.scrollTop}px`;
}

customElements.define("bs-card-menu", CardMenu);
