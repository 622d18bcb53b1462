// Sends pictures one by one with their progress, by button, drop or paste. Each
// has its place in the tray from the start, whichever arrives first. Without it
// they go along with the form.
// The server takes one of each person's at a time; when it is busy, it says when
// to come again.
import { Tray } from "../composer/tray.js";

const atOnce = 1;
const triesWhenBusy = 20;

class Uploader extends HTMLElement {
  connectedCallback() {
    this.input = this.querySelector("[type=file]");
    this.list = this.querySelector("#tray");
    this.waiting = []; this.running = 0;
    this.stop = new AbortController();
    this.tray = new Tray(this, this.stop.signal);
    const on = (target, name, fn) => target.addEventListener(name, fn, { signal: this.stop.signal });
    const page = this.closest("bs-composer") ?? this;
    on(this.input, "change", () => { this.add(this.input.files); this.input.value = ""; });
    on(page, "paste", (e) => { if (e.clipboardData?.files.length) { e.preventDefault(); this.add(e.clipboardData.files); } });
    on(page, "dragover", (e) => { if (this.carries(e)) { e.preventDefault(); this.toggleAttribute("data-over", true); } });
    on(page, "dragleave", (e) => { if (!page.contains(e.relatedTarget)) this.removeAttribute("data-over"); });
    on(page, "drop", (e) => { if (this.carries(e)) { e.preventDefault(); this.removeAttribute("data-over"); this.add(e.dataTransfer.files); } });
    on(document, "bs:signed-in", () => { for (const b of this.list.querySelectorAll("[data-again]")) b.click(); });
  }

  disconnectedCallback() { this.stop.abort(); }

  carries(e) { return [...(e.dataTransfer?.types ?? [])].includes("Files"); }

  add(files) {
    for (const file of files) {
      const row = document.createElement("li");
      row.className = "upload";
      const name = document.createElement("b");
      name.textContent = file.name;
      name.dir = "auto";
      row.append(name);
      this.list.append(row);
      this.queue(file, row);
    }
  }

  // show draws the picture that is on its way, where the browser can.
  async show(file, row) {
    if (row.querySelector("canvas")) return;
    try {
      const picture = await createImageBitmap(file), side = Math.min(picture.width, picture.height);
      const canvas = document.createElement("canvas");
      canvas.width = canvas.height = 200;
      canvas.getContext("2d").drawImage(picture, (picture.width - side) / 2, (picture.height - side) / 2, side, side, 0, 0, 200, 200);
      picture.close();
      row.prepend(canvas);
    } catch { /* then its name stands there */ }
  }

  queue(file, row) {
    this.tell(row, "busy", this.dataset.waitingText);
    this.waiting.push([file, row]);
    this.next();
  }

  next() {
    while (this.running < atOnce && this.waiting.length) {
      this.running++;
      this.send(...this.waiting.shift());
    }
    if (!this.running) this.dispatchEvent(new CustomEvent("bs:uploaded", { bubbles: true }));
  }

  send(file, row) {
    const bar = document.createElement("progress");
    bar.max = 100; bar.value = 0;
    bar.setAttribute("aria-label", file.name);
    this.show(file, row);
    const request = new XMLHttpRequest();
    let said = 0;
    request.upload.addEventListener("progress", (e) => {
      const percent = Math.round((100 * e.loaded) / (e.total || 1));
      bar.value = percent;
      row.querySelector("span").textContent = percent < 100 ? this.dataset.uploadingText.replace("{percent}", percent) : this.dataset.checkingText;
      if (percent - said >= 25 && percent < 100) { said = percent; this.say(`${file.name}: ${percent} %`); }
    });
    request.addEventListener("loadend", () => { this.running--; this.answered(request, file, row); this.next(); });
    this.tell(row, "busy", this.dataset.uploadingText.replace("{percent}", 0));
    row.append(bar);
    const data = new FormData();
    data.append("files", file);
    request.open("POST", "/media");
    request.setRequestHeader("HX-Request", "true");
    request.send(data);
  }

  answered(request, file, row) {
    const page = new DOMParser().parseFromString(request.responseText, "text/html");
    const tile = page.querySelector(".tile");
    if (request.status === 200 && tile) {
      this.tray.arrived(document.adoptNode(tile), row);
      htmx.process(tile);
      this.describe(tile);
      this.say(this.dataset.readyText.replace("{file}", file.name));
      tile.dispatchEvent(new Event("input", { bubbles: true }));
      return;
    }
    if (request.status === 401) {
      document.getElementById("dialog-root").innerHTML = request.responseText;
      htmx.process(document.getElementById("dialog-root"));
      document.dispatchEvent(new CustomEvent("bs:settled"));
    }
    const wait = Number(request.getResponseHeader("Retry-After"));
    row.dataset.tries = Number(row.dataset.tries ?? 0) + 1;
    if (request.status === 503 && wait && Number(row.dataset.tries) < triesWhenBusy) {
      this.tell(row, "busy", this.dataset.waitingText);
      this.running++;
      setTimeout(() => { this.running--; if (row.isConnected) this.queue(file, row); }, 1000 * wait);
      return;
    }
    const reason = page.querySelector(".toast p")?.textContent ?? this.dataset.stoppedText;
    const again = request.status === 0 || request.status === 401 || request.status === 429 || request.status >= 500;
    this.tell(row, "trouble", reason);
    if (again) row.append(this.button(this.dataset.againText, "again", () => { row.dataset.tries = 0; this.queue(file, row); }));
    row.append(this.button(this.dataset.removeText, "remove", () => row.remove()));
    this.say(this.dataset.troubleText.replace("{file}", file.name).replace("{reason}", reason));
  }

  // describe leads to the description of a picture that arrived: of the first one
  // chosen, whichever was faster. Whoever types or arranges is not interrupted.
  describe(tile) {
    const at = document.activeElement;
    if (at?.matches("textarea, select, input:not([type=file])") || this.list.contains(at)) return;
    for (let before = tile.previousElementSibling; before; before = before.previousElementSibling) if (before.matches("[data-state=busy]")) return;
    this.tray.choose(tile);
    tile.querySelector("textarea").focus();
  }

  tell(row, state, text) {
    row.dataset.state = state;
    for (const n of row.querySelectorAll("span, progress, button")) n.remove();
    const words = document.createElement("span");
    words.textContent = text;
    row.append(words);
  }

  button(text, kind, fn) {
    const b = document.createElement("button");
    b.type = "button"; b.className = "btn"; b.dataset.size = "s"; b.dataset[kind] = "";
    b.textContent = text;
    b.addEventListener("click", fn);
    return b;
  }

  say(text) { document.getElementById("say").textContent = text; }
}

customElements.define("bs-uploader", Uploader);
