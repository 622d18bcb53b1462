// The composer: saves and previews while one types, keeps a copy of the text on
// this device until the server has it, and shows one part at a time on a phone.
const saveAfter = 1500, saveAtMost = 10000, copyAfter = 300, previewAfter = 400, sayAfter = 1000;
const retries = [2000, 5000, 15000, 30000];
const oldCopies = 30 * 24 * 3600 * 1000;

class Composer extends HTMLElement {
  connectedCallback() {
    this.form = this.querySelector("#composer");
    this.saver = this.querySelector("#save");
    this.preview = this.querySelector("#preview");
    this.typed = 0; this.kept = 0; this.failures = 0; this.looks = 0;
    this.stop = new AbortController();
    const on = (target, name, fn, options = {}) => target.addEventListener(name, fn, { signal: this.stop.signal, ...options });
    on(this.form, "input", (e) => this.changed(e.target));
    on(this.form, "submit", (e) => this.submitting(e), { capture: true });
    on(this, "bs:answered", (e) => this.answered(e));
    on(this, "click", (e) => this.clicked(e));
    on(this, "keydown", (e) => this.pressed(e));
    on(document, "click", (e) => this.jump(e));
    on(document, "bs:settled", (e) => this.settled(e.detail));
    on(document, "bs:signed-in", () => { this.save(); this.draw(); });
    on(document, "visibilitychange", () => document.hidden && this.flush());
    on(window, "online", () => this.save());
    this.show(location.hash === "#when-part" ? "when" : "write");
    this.offerCopy();
    this.errors = this.querySelector(".errors[tabindex]");
    this.errors?.focus();
    for (const b of this.querySelectorAll("[data-copy-mine]")) b.hidden = false;
    this.look();
  }

  disconnectedCallback() {
    this.stop.abort();
    for (const t of ["saveTimer", "lateTimer", "copyTimer", "previewTimer", "sayTimer", "busyTimer"]) clearTimeout(this[t]);
  }

  // ---- what changes

  changed(field) {
    if (field?.type === "file" || field?.closest("[data-only-look]")) return;
    this.typed++;
    const at = this.querySelector("#save-state");
    if (at && !this.failures) at.textContent = this.dataset.unsavedText;
    clearTimeout(this.copyTimer);
    this.copyTimer = setTimeout(() => this.copy(), copyAfter);
    clearTimeout(this.saveTimer);
    this.saveTimer = setTimeout(() => this.save(), saveAfter);
    this.lateTimer ??= setTimeout(() => this.save(), saveAtMost);
    this.looks = 0;
    this.draw(field?.matches("textarea, input[type=text], input[type=url]") ? previewAfter : 50);
  }

  draw(after = 0) {
    clearTimeout(this.previewTimer);
    this.previewTimer = setTimeout(() => {
      clearTimeout(this.busyTimer);
      this.busyTimer = setTimeout(() => this.preview.setAttribute("aria-busy", "true"), 300);
      htmx.trigger(this.preview, "bs:preview");
    }, after);
  }

  // ---- saving

  get post() { return this.form.elements.post?.value ?? ""; }
  get worthSaving() {
    return this.post || this.querySelector("[name=media]") || [...this.querySelectorAll("textarea, #link")].some((f) => f.value.trim());
  }

  save() {
    clearTimeout(this.saveTimer); clearTimeout(this.lateTimer);
    this.lateTimer = null;
    if (this.typed === this.kept && !this.failures || !this.worthSaving || this.querySelector("#conflict")) return;
    this.sent = this.typed;
    htmx.trigger(this.saver, "bs:save");
  }

  answered(e) {
    if (e.target === this.preview) {
      clearTimeout(this.busyTimer);
      this.preview.removeAttribute("aria-busy");
      if (!e.detail.ok && e.detail.status !== 401) this.querySelector("#ready").textContent = this.dataset.staleText;
    }
    if (this.arranging && e.target !== this.preview && e.target !== this.saver) {
      this.arranging = false;
      if (e.detail.ok) this.changed(this.querySelector("#accounts input"));
    }
    if (e.target === this.form) for (const b of this.querySelectorAll(".composer-bar .btn")) b.removeAttribute("aria-disabled");
    if (e.target !== this.saver) return;
    if (e.detail.ok) {
      if (this.failures || this.refused) this.say(this.querySelector("#save-state").textContent);
      this.failures = 0; this.refused = false;
      this.kept = this.sent;
      if (this.typed === this.sent) this.forget();
      return;
    }
    if (e.detail.status === 413) return this.refuse();
    if (e.detail.status >= 400 && e.detail.status < 500) return; // signed out, or a conflict: said elsewhere
    this.querySelector("#save-state").textContent = this.dataset.offlineText;
    if (!this.failures) this.say(this.dataset.offlineText);
    this.saveTimer = setTimeout(() => this.save(), retries[Math.min(this.failures++, retries.length - 1)]);
  }

  // refuse says that the server does not take so much: then this device has it.
  refuse() {
    const text = this.copy() ? this.dataset.bigText : this.dataset.lostText;
    this.querySelector("#save-state").textContent = text;
    if (!this.refused) this.say(text);
    this.refused = true;
  }

  // flush sends what is unsaved when the page goes away.
  flush() {
    if (this.typed === this.kept || !this.worthSaving || this.querySelector("#conflict")) return;
    this.copy();
    const data = new URLSearchParams([...new FormData(this.form)].filter(([, v]) => typeof v === "string"));
    fetch("/posts/autosave", { method: "POST", body: data, keepalive: true, headers: { "HX-Request": "true" } }).catch(() => {});
  }

  // submitting waits for uploads, and for one press at a time.
  submitting(e) {
    const busy = this.querySelectorAll(".upload[data-state=busy]").length;
    if (busy) {
      e.preventDefault(); e.stopImmediatePropagation();
      const button = e.submitter;
      this.querySelector("#save-state").textContent = this.querySelector("bs-uploader").dataset.waitText;
      this.addEventListener("bs:uploaded", () => button.click(), { once: true });
      return;
    }
    clearTimeout(this.saveTimer);
    for (const b of this.querySelectorAll(".composer-bar .btn")) b.setAttribute("aria-disabled", "true");
  }

  // ---- the copy on this device

  get copyKey() { return `bs:draft:${this.dataset.person}:${this.post || `new-${this.dataset.op}`}`; }
  fields() { return [...this.form.querySelectorAll("textarea, #link, #campaign_new")]; }

  copy() {
    const values = Object.fromEntries(this.fields().map((f) => [f.id, f.value]));
    try {
      localStorage.setItem(this.copyKey, JSON.stringify({ at: Date.now(), values }));
      return true;
    } catch {
      return false; // full or forbidden: the server has it soon, or refuse says it
    }
  }

  forget() {
    localStorage.removeItem(this.copyKey);
    localStorage.removeItem(`bs:draft:${this.dataset.person}:new-${this.dataset.op}`);
  }

  offerCopy() {
    const begin = `bs:draft:${this.dataset.person}:`;
    const found = [];
    for (const key of Object.keys(localStorage)) {
      if (!key.startsWith(begin)) continue;
      const copy = JSON.parse(localStorage.getItem(key));
      if (Date.now() - copy.at > oldCopies) { localStorage.removeItem(key); continue; }
      if (this.post ? key === begin + this.post : key.startsWith(begin + "new-")) found.push([key, copy]);
    }
    const [key, copy] = found.sort((a, b) => b[1].at - a[1].at)[0] ?? [];
    const differs = copy && Object.entries(copy.values).some(([id, v]) => v.trim() && v !== this.querySelector(`#${CSS.escape(id)}`)?.value);
    if (!differs || this.querySelector(".errors, #conflict") || document.querySelector(".errors")) return;
    const slot = this.querySelector("#copy-slot");
    const says = slot.querySelector("[data-copy-says]");
    says.textContent = says.dataset.text.replace("{time}", new Date(copy.at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }));
    slot.querySelector("[data-copy-text]").textContent = Object.values(copy.values).filter((v) => v.trim()).join("\n\n");
    slot.hidden = false;
    const end = () => { localStorage.removeItem(key); slot.hidden = true; };
    slot.querySelector("[data-copy-drop]").onclick = end;
    slot.querySelector("[data-copy-use]").onclick = () => {
      for (const [id, v] of Object.entries(copy.values)) {
        const f = this.querySelector(`#${CSS.escape(id)}`);
        if (f) f.value = v;
      }
      end();
      this.changed(this.querySelector("#text"));
      this.querySelector("#text").focus();
    };
  }

  // ---- parts, keys, focus

  show(part) {
    this.dataset.part = part;
    for (const a of this.querySelectorAll(".composer-tabs a")) a.dataset.part === part ? a.setAttribute("aria-current", "true") : a.removeAttribute("aria-current");
  }

  clicked(e) {
    const tab = e.target.closest(".composer-tabs a");
    if (tab) { e.preventDefault(); this.show(tab.dataset.part); scrollTo(0, 0); }
    if (e.target.closest("#write button[name=do]")) this.arranging = true;
    if (e.target.closest("[data-copy-forget]")) this.forget();
    const mine = e.target.closest("[data-copy-mine]");
    if (mine) {
      navigator.clipboard.writeText(this.querySelector("#text").value).finally(() => { this.forget(); location.href = mine.dataset.href; });
    }
  }

  // jump leads from a problem to its field, whichever part that is in.
  jump(e) {
    const link = e.target.closest("a[href^='#']");
    const target = link && !link.closest(".composer-tabs") && this.querySelector(`#${CSS.escape(link.hash.slice(1))}`);
    if (!target) return;
    e.preventDefault();
    const part = target.closest("[data-part]");
    if (part && part !== this) this.show(part.dataset.part);
    const field = target.matches("input, textarea, select, button") ? target : target.querySelector("input:not([type=hidden]), textarea, select") ?? target;
    field.focus();
    target.scrollIntoView({ block: "center" });
  }

  pressed(e) {
    if (e.key !== "Enter" || !(e.ctrlKey || e.metaKey)) return;
    const button = this.querySelector(`.composer-bar [value=${e.shiftKey ? "next" : "schedule"}]`);
    if (button) { e.preventDefault(); button.click(); }
  }

  settled(element) {
    if (!element || !this.contains(element) && element !== this) return;
    // htmx has given the focus back to the field it was in: what must change is first.
    if (element === this) this.errors?.focus();
    const conflict = this.querySelector("#conflict");
    if (conflict && element.id === "conflict-slot") {
      for (const b of conflict.querySelectorAll("[data-copy-mine]")) b.hidden = false;
      conflict.focus();
    }
    this.look();
    clearTimeout(this.sayTimer);
    this.sayTimer = setTimeout(() => this.announce(), sayAfter);
  }

  // look asks again for the card of a link that is being read.
  look() {
    if (this.querySelector("[data-preview-again]") && this.looks++ < 6) this.draw(1000);
  }

  announce() {
    const counts = [...this.querySelectorAll(".counters [data-state] .vh")].map((n) => n.textContent);
    const text = [...counts, this.querySelector("#problems")?.dataset.say].filter(Boolean).join(" ");
    if (text !== this.said && (this.said = text) && this.typed) this.say(text);
  }

  say(text) { document.getElementById("say").textContent = text; }
}

customElements.define("bs-composer", Composer);
