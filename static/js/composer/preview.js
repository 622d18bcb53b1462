// Draws the preview again a moment after something changed.
const BUSY_AFTER_MS = 300, LOOK_AGAIN_MS = 1000, LOOKS = 6;

export class Preview {
  #composer;
  #box;
  #looks = 0;
  #timer;
  #busyTimer;

  constructor(composer) {
    this.#composer = composer;
    this.#box = composer.querySelector("#preview");
  }

  changed(after) {
    this.#looks = 0;
    this.draw(after);
  }

  draw(after = 0) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      clearTimeout(this.#busyTimer);
      this.#busyTimer = setTimeout(() => this.#box.setAttribute("aria-busy", "true"), BUSY_AFTER_MS);
      htmx.trigger(this.#box, "bs:preview");
    }, after);
  }

  // look asks again for the card of a link that is being read.
  look() {
    if (this.#composer.querySelector("[data-preview-again]") && this.#looks++ < LOOKS) this.draw(LOOK_AGAIN_MS);
  }

  // answered hears what came of a request; true if it was ours.
  answered(e) {
    if (e.target !== this.#box) return false;
    clearTimeout(this.#busyTimer);
    this.#box.removeAttribute("aria-busy");
    if (!e.detail.ok && e.detail.status !== 401) this.#composer.querySelector("#ready").textContent = this.#composer.dataset.staleText;
    return true;
  }

  stop() {
    clearTimeout(this.#timer);
    clearTimeout(this.#busyTimer);
  }
}
