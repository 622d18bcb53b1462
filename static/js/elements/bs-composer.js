// The composer: saves and previews while one types, keeps a copy of the text on
// this device until the server has it, and shows one part at a time on a phone.
import { Copy } from "../composer/copy.js";
import { jump, show, unfold } from "../composer/parts.js";
import { Preview } from "../composer/preview.js";
import { Saving } from "../composer/saving.js";

const SAY_AFTER_MS = 1000;
// Chromium takes minutes to find the direction of megabytes without a space.
const DIRECTION_UP_TO = 100_000;

class Composer extends HTMLElement {
  #stop;
  #copy;
  #saving;
  #preview;
  #errors; // what must change, if the page came back for that
  #arranging = false; // a button of the form changes what is in it
  #said = "";
  #sayTimer;

  connectedCallback() {
    this.form = this.querySelector("#composer");
    this.#copy = new Copy(this);
    this.#saving = new Saving(this, this.#copy);
    this.#preview = new Preview(this);
    this.#stop = new AbortController();
    const on = (target, name, fn, options = {}) => target.addEventListener(name, fn, { signal: this.#stop.signal, ...options });
    on(this.form, "input", (e) => this.changed(e.target));
    on(this.form, "submit", (e) => this.#saving.submitting(e), { capture: true });
    on(this, "bs:answered", (e) => this.#answered(e));
    on(this, "click", (e) => this.#clicked(e));
    on(this, "keydown", (e) => this.#pressed(e));
    on(this, "focusin", (e) => this.#follow(e.target));
    on(document, "click", (e) => jump(this, e));
    on(document, "bs:settled", (e) => this.#settled(e.detail));
    on(document, "bs:signed-in", () => {
      if (this.form.matches(".htmx-request")) return; // the whole form goes once more
      this.#saving.save();
      this.#preview.draw();
    });
    on(document, "visibilitychange", () => document.hidden && this.#saving.flush());
    on(window, "online", () => this.#saving.save());
    show(this, "write");
    if (location.hash.length > 1) { const there = this.querySelector(`#${CSS.escape(location.hash.slice(1))}`); if (there) unfold(there); }
    this.#copy.offer();
    this.#errors = this.querySelector(".errors[tabindex]");
    this.#errors?.focus();
    this.#showCopyButtons();
    this.#preview.look();
    // Below a message, the text may begin behind the bar with the buttons.
    setTimeout(() => this.querySelector("#text:focus")?.scrollIntoView({ block: "nearest" }), 50);
  }

  disconnectedCallback() {
    this.#stop.abort();
    this.#saving.stop();
    this.#preview.stop();
    clearTimeout(this.#sayTimer);
  }

  // post is the id of what is written, once it has been saved.
  get post() { return this.form.elements.post?.value ?? ""; }

  changed(field) {
    if (field?.type === "file" || field?.closest("[data-only-look]")) return;
    if (field?.matches("textarea")) field.dir = field.value.length > DIRECTION_UP_TO ? "ltr" : "auto";
    if (field?.name === "account") this.querySelector(`.marks-line [data-account="${field.value}"]`)?.toggleAttribute("data-on", field.checked);
    this.#saving.changed();
    this.#preview.changed(field?.matches("textarea, input[type=text], input[type=url]") ? 400 : 50);
  }

  // follow shows whoever writes for one account the preview of that one.
  #follow(field) {
    const tab = field.matches("[id^=text-]") && this.querySelector(`#card-${field.id.slice("text-".length)}-tab`);
    if (tab) tab.closest("bs-tabs").choose(tab);
  }

  #answered(e) {
    if (this.#preview.answered(e) || this.#saving.answered(e)) return;
    if (this.#arranging) {
      this.#arranging = false;
      if (e.detail.ok) this.changed(this.querySelector("#accounts input"));
    }
    if (e.target === this.form) for (const b of this.querySelectorAll(".composer-bar .btn")) b.removeAttribute("aria-disabled");
  }

  #clicked(e) {
    const tab = e.target.closest(".composer-tabs a");
    if (tab) { e.preventDefault(); show(this, tab.dataset.part); scrollTo(0, 0); }
    if (e.target.closest("#write button[name=do]")) this.#arranging = true;
    if (e.target.closest("[data-copy-forget]")) this.#copy.forget();
    const mine = e.target.closest("[data-copy-mine]");
    if (mine) {
      navigator.clipboard.writeText(this.querySelector("#text").value).finally(() => { this.#copy.forget(); location.href = mine.dataset.href; });
    }
  }

  #pressed(e) {
    if (e.key !== "Enter" || !(e.ctrlKey || e.metaKey)) return;
    const button = this.querySelector(`.composer-bar [value=${e.shiftKey ? "next" : "schedule"}]`);
    if (button) { e.preventDefault(); button.click(); }
  }

  #settled(element) {
    if (!element || !this.contains(element) && element !== this) return;
    // htmx has given the focus back to the field it was in: what must change is first.
    if (element === this) this.#errors?.focus();
    if (element.id === "conflict-slot" && this.querySelector("#conflict")) {
      this.#showCopyButtons();
      this.querySelector("#conflict").focus();
    }
    this.#preview.look();
    clearTimeout(this.#sayTimer);
    this.#sayTimer = setTimeout(() => this.#announce(), SAY_AFTER_MS);
  }

  // showCopyButtons shows what a browser without scripts could not do.
  #showCopyButtons() { for (const b of this.querySelectorAll("[data-copy-mine]")) b.hidden = false; }

  // announce says the counters and problems aloud, if they are others than before.
  #announce() {
    const counts = [...this.querySelectorAll(".counters [data-state] .vh")].map((n) => n.textContent);
    const text = [...counts, this.querySelector("#problems")?.dataset.say].filter(Boolean).join(" ");
    if (text !== this.#said && (this.#said = text) && this.#saving.typed) this.say(text);
  }

  say(text) { document.getElementById("say").textContent = text; }
}

customElements.define("bs-composer", Composer);
