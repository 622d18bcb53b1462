// The copy of the text on this device, until the server has it.
const OLD_MS = 30 * 24 * 3600 * 1000;

export class Copy {
  #composer;

  constructor(composer) { this.#composer = composer; }

  get #begin() { return `bs:draft:${this.#composer.dataset.person}:`; }
  get #unsaved() { return `${this.#begin}new-${this.#composer.dataset.op}`; }
  get #key() { return this.#composer.post ? this.#begin + this.#composer.post : this.#unsaved; }

  // keep writes the copy, and tells whether it could: storage may be full or
  // forbidden.
  keep() {
    const fields = [...this.#composer.form.querySelectorAll("textarea, #link, #campaign_new")];
    const values = Object.fromEntries(fields.map((f) => [f.id, f.value]));
    try {
      localStorage.setItem(this.#key, JSON.stringify({ at: Date.now(), values }));
      return true;
    } catch {
      return false;
    }
  }

  forget() {
    localStorage.removeItem(this.#key);
    localStorage.removeItem(this.#unsaved);
  }

  // offer shows the youngest copy if it says something else than the fields.
  offer() {
    const [key, copy] = this.#youngest();
    const page = this.#composer;
    const field = (id) => page.querySelector(`#${CSS.escape(id)}`);
    const differs = copy && Object.entries(copy.values).some(([id, v]) => v.trim() && v !== field(id)?.value);
    if (!differs || page.querySelector("#conflict") || document.querySelector(".errors")) return;
    const slot = page.querySelector("#copy-slot");
    const says = slot.querySelector("[data-copy-says]");
    says.textContent = says.dataset.text.replace("{time}", new Date(copy.at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }));
    slot.querySelector("[data-copy-text]").textContent = Object.values(copy.values).filter((v) => v.trim()).join("\n\n");
    slot.hidden = false;
    const end = () => { localStorage.removeItem(key); slot.hidden = true; };
    slot.querySelector("[data-copy-drop]").onclick = () => { end(); field("text").focus(); };
    slot.querySelector("[data-copy-use]").onclick = () => {
      for (const [id, v] of Object.entries(copy.values)) {
        const f = field(id);
        if (f) f.value = v;
      }
      end();
      page.changed(field("text"));
      field("text").focus();
    };
  }

  // youngest finds the last copy of this post, or of any that was never saved.
  #youngest() {
    const found = [];
    for (const key of Object.keys(localStorage)) {
      if (!key.startsWith(this.#begin)) continue;
      const copy = JSON.parse(localStorage.getItem(key));
      if (Date.now() - copy.at > OLD_MS) localStorage.removeItem(key);
      else if (this.#composer.post ? key === this.#key : key.startsWith(`${this.#begin}new-`)) found.push([key, copy]);
    }
    return found.sort((a, b) => b[1].at - a[1].at)[0] ?? [];
  }
}
