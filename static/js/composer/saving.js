// Saves while one types. What the server does not have yet, this device has.
const COPY_AFTER_MS = 300, SAVE_AFTER_MS = 1500, SAVE_AT_MOST_MS = 10000;
const RETRIES_MS = [2000, 5000, 15000, 30000];

export class Saving {
  #composer;
  #copy;
  #form; // that sends
  #typed = 0; // changes so far
  #kept = 0; // of them, what the server has
  #sent = 0;
  #failures = 0;
  #refused = false;
  #timers = {};

  constructor(composer, copy) {
    this.#composer = composer;
    this.#copy = copy;
    this.#form = composer.querySelector("#save");
  }

  get typed() { return this.#typed; }

  #later(name, ms, fn) {
    clearTimeout(this.#timers[name]);
    this.#timers[name] = setTimeout(fn, ms);
  }

  // tell says why something is not saved yet.
  #tell(text) {
    const at = this.#composer.querySelector("#save-state");
    if (!at) return;
    at.textContent = text;
    at.removeAttribute("data-saved");
  }

  changed() {
    this.#typed++;
    if (!this.#failures) this.#tell(this.#composer.dataset.unsavedText);
    this.#later("copy", COPY_AFTER_MS, () => this.#copy.keep());
    this.#later("save", SAVE_AFTER_MS, () => this.save());
    this.#timers.late ??= setTimeout(() => this.save(), SAVE_AT_MOST_MS);
  }

  get #worthSaving() {
    const page = this.#composer;
    return page.post || page.querySelector("[name=media]") || [...page.querySelectorAll("textarea, #link")].some((f) => f.value.trim());
  }

  get #mustNot() { return !this.#worthSaving || this.#composer.querySelector("#conflict"); }

  save() {
    clearTimeout(this.#timers.save);
    clearTimeout(this.#timers.late);
    this.#timers.late = null;
    if (this.#typed === this.#kept && !this.#failures || this.#mustNot) return;
    this.#sent = this.#typed;
    htmx.trigger(this.#form, "bs:save");
  }

  // answered hears what came of a request; true if it was ours.
  answered(e) {
    if (e.target !== this.#form) return false;
    const { ok, status } = e.detail;
    if (ok) this.#saved();
    else if (status === 413) this.#refuse();
    else if (status < 400 || status >= 500) this.#failed(); // the others are signed out or in conflict: said elsewhere
    return true;
  }

  #saved() {
    if (this.#failures || this.#refused) this.#composer.say(this.#composer.querySelector("#save-state").textContent);
    this.#failures = 0;
    this.#refused = false;
    this.#kept = this.#sent;
    if (this.#typed === this.#sent) this.#copy.forget();
  }

  // refuse says that the server does not take so much: then this device has it.
  #refuse() {
    const { bigText, lostText } = this.#composer.dataset;
    const text = this.#copy.keep() ? bigText : lostText;
    this.#tell(text);
    if (!this.#refused) this.#composer.say(text);
    this.#refused = true;
  }

  #failed() {
    const text = this.#composer.dataset.offlineText;
    this.#tell(text);
    if (!this.#failures) this.#composer.say(text);
    this.#later("save", RETRIES_MS[Math.min(this.#failures++, RETRIES_MS.length - 1)], () => this.save());
  }

  // flush sends what is unsaved when the page goes away.
  flush() {
    if (this.#typed === this.#kept || this.#mustNot) return;
    this.#copy.keep();
    const data = new URLSearchParams([...new FormData(this.#composer.form)].filter(([, v]) => typeof v === "string"));
    fetch("/posts/autosave", { method: "POST", body: data, keepalive: true, headers: { "HX-Request": "true" } }).catch(() => {});
  }

  // submitting waits for uploads, and for one press at a time.
  submitting(e) {
    const page = this.#composer;
    if (page.querySelector(".upload[data-state=busy]")) {
      e.preventDefault();
      e.stopImmediatePropagation();
      this.#tell(page.querySelector("bs-uploader").dataset.waitText);
      page.addEventListener("bs:uploaded", () => e.submitter.click(), { once: true });
      return;
    }
    clearTimeout(this.#timers.save);
    for (const b of page.querySelectorAll(".composer-bar .btn")) b.setAttribute("aria-disabled", "true");
  }

  stop() { for (const t of Object.values(this.#timers)) clearTimeout(t); }
}
