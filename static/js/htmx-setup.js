// The only file that knows the settings and the names of the events of htmx.
Object.assign(htmx.config, {
  disableInheritance: true, allowEval: false, selfRequestsOnly: true, timeout: 15000,
  historyCacheSize: 0, historyRestoreAsHxRequest: false, includeIndicatorStyles: false,
  defaultSwapStyle: "outerHTML", defaultSettleDelay: 0, globalViewTransitions: false,
  // An answer that says what is wrong is shown like any other.
  responseHandling: [
    { code: "204", swap: false },
    ...["[23]..", "401", "403", "404", "409", "422", "429", "503", "507"].map((code) => ({ code, swap: true })),
    { code: "[45]..", swap: false, error: true },
    { code: "...", swap: false },
  ],
});

const hidden = () => document.visibilityState === "hidden";

document.addEventListener("htmx:beforeRequest", (e) => {
  const el = e.detail.elt;
  if (el.hasAttribute("data-poll") && (hidden() || document.querySelector("dialog[open]") || el.closest("[data-busy]") || el.contains(document.activeElement?.matches("input,textarea,select") ? document.activeElement : null))) {
    e.preventDefault();
  }
});

// A dialog is asked for by an element that gets the focus back.
document.addEventListener("htmx:beforeRequest", (e) => {
  if (e.detail.target?.id === "dialog-root") document.dispatchEvent(new CustomEvent("bs:opening", { detail: e.detail.elt }));
});

// What a question for news brings is left aside while something is being moved.
document.addEventListener("htmx:beforeSwap", (e) => {
  if (e.detail.requestConfig?.elt?.closest("[data-poll]")?.closest("[data-busy]")) e.detail.shouldSwap = false;
});

// What was drawn since a question for news was sent is younger than its answer:
// a month that was turned to, a post that was moved. It is asked once more.
let drawn = 0;
document.addEventListener("bs:settled", (e) => { if (!e.detail?.matches("[data-poll]")) drawn++; });
document.addEventListener("htmx:beforeRequest", (e) => { e.detail.xhr.bsDrawn = drawn; });
document.addEventListener("htmx:beforeSwap", (e) => {
  const { xhr, requestConfig } = e.detail;
  if (!requestConfig?.elt?.matches("[data-poll]") || xhr.bsDrawn === drawn) return;
  e.detail.shouldSwap = false;
  requestConfig.elt.dispatchEvent(new Event("bs:refresh"));
});

// An element that asks about a form gets an answer for the fields the form had
// then. It is dropped when the form has other fields since (a picture less, a text
// more: whoever changed them asks again), and when the element itself is gone: of
// that the page hears nothing, so its request is stopped at the source.
const parts = (about) => [...document.querySelectorAll(`${about} [type=hidden]:is([name=media], [name=own])`)].map((f) => f.name + f.value).sort().join();
document.addEventListener("htmx:beforeRequest", (e) => {
  const { elt, xhr } = e.detail, { onload } = xhr;
  if (!elt.dataset.about) return;
  xhr.bsParts = parts(elt.dataset.about);
  xhr.onload = function (...args) { if (elt.isConnected) onload.apply(this, args); };
});
document.addEventListener("htmx:beforeSwap", (e) => {
  const { xhr } = e.detail, { about } = e.detail.requestConfig?.elt.dataset ?? {};
  if (about && xhr.status < 400 && xhr.bsParts !== parts(about)) e.detail.shouldSwap = false;
});

// News that nobody asked for leave alone what a person did: what was typed, and
// what was opened. Where they take away what had the focus, the heading gets it.
let news = false, focused = null;
Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, node) => !news
  || !(name === "open" && node.matches("details") || name === "value" && node.matches("input, textarea") && node.value !== node.defaultValue);
document.addEventListener("htmx:beforeSwap", (e) => {
  news = e.target.matches("[data-poll]");
  focused = news && e.target.contains(document.activeElement) ? e.target.id : null;
});
document.addEventListener("htmx:afterSettle", () => {
  if (focused && document.activeElement === document.body) (document.querySelector(`#${focused} h1`) ?? document.querySelector("h1"))?.focus();
  focused = null;
});

// A refusal that is not in our words, as of a proxy before us, is no part of a
// page. Ours say that they depend on htmx.
document.addEventListener("htmx:beforeSwap", (e) => {
  const { xhr } = e.detail;
  if (xhr.status < 400 || /HX-Request/i.test(xhr.getResponseHeader("Vary") ?? "")) return;
  e.detail.shouldSwap = false;
  e.detail.isError = true;
});

// Whoever is signing in again is not interrupted by what else was refused, and
// whoever has done so is not asked again for what was sent before.
let signIns = 0;
document.addEventListener("bs:signed-in", () => { signIns++; });
document.addEventListener("htmx:beforeRequest", (e) => { e.detail.xhr.bsSignIns = signIns; });
document.addEventListener("htmx:beforeSwap", (e) => {
  if (e.detail.xhr.status === 401 && e.detail.xhr.bsSignIns !== signIns) e.detail.shouldSwap = false;
  const signingIn = document.querySelector("#dialog-root form[action='/sign-in']");
  if (e.detail.xhr.status === 401 && signingIn && !signingIn.contains(e.detail.requestConfig?.elt)) e.detail.shouldSwap = false;
});

// A fault of ours or of the network: say so, keep what is on the page.
for (const name of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) {
  document.addEventListener(name, (e) => {
    if (e.detail.elt?.matches("[data-poll], [data-quiet]")) return;
    const text = document.body.dataset[name !== "htmx:responseError" ? "offlineText" : e.detail.xhr.status === 413 ? "bigText" : "faultText"];
    document.dispatchEvent(new CustomEvent("bs:toast", { detail: { kind: "problem", text } }));
  });
}

document.addEventListener("htmx:afterSettle", (e) => {
  document.dispatchEvent(new CustomEvent("bs:settled", { detail: e.detail.elt }));
});

// What somebody asked for when their sign-in had ended waits until they are signed
// in again, and is then sent once more, once. Elements that ask by themselves see
// to it themselves; whoever sends in another way says bs:parked.
let parked = null;
document.addEventListener("bs:parked", () => { parked = {}; });
document.addEventListener("htmx:beforeSwap", (e) => {
  const { xhr, requestConfig: config } = e.detail;
  if (xhr.status !== 401 || !e.detail.shouldSwap || config.elt.matches("[data-quiet], [data-poll], [action='/sign-in']")) return;
  parked = { config, button: config.triggeringEvent?.submitter, swap: config.elt.getAttribute("hx-swap") };
});

function again({ config, button, swap }) {
  if (!config) return;
  const { elt, verb, path, target } = config;
  if (!elt.isConnected) { // it was in a dialog, which gave way to that for signing in
    htmx.ajax(verb, path, { values: Object.fromEntries(config.formData), target: target.isConnected ? target : "#dialog-root", swap: swap ?? "innerHTML" });
  } else if (elt.matches("form")) {
    elt.requestSubmit(button?.isConnected ? button : undefined);
  } else {
    elt.click();
  }
}

// The dialog knows who signs in, and in which club the page is.
document.addEventListener("bs:settled", () => {
  const form = document.querySelector("#dialog-root form[action='/sign-in']"), { email: known } = document.body.dataset;
  if (!form || !known) return;
  Object.assign(form.elements.email, { value: known, readOnly: true });
  form.elements.password.setAttribute("autofocus", "");
});
document.addEventListener("htmx:configRequest", (e) => {
  if (!e.detail.elt.matches("#dialog-root form[action='/sign-in']")) return;
  Object.assign(e.detail.parameters, { club: document.body.dataset.club ?? "", again: parked ? "1" : "" });
});

// Signed in again in the middle of work: the dialog goes, the page stays as it
// was, and whoever keeps something unsaved saves it now.
document.addEventListener("bs:signed-in", () => {
  document.querySelector("#dialog-root dialog")?.close();
  const once = parked;
  parked = null;
  if (once) again(once);
});

// Elements that ask by themselves hear how it went: [data-quiet] says it in its
// own words. They do not hear of a request that the next one took the place of.
let replaced = null;
document.addEventListener("htmx:abort", (e) => { replaced = e.target; }, { capture: true });
document.addEventListener("htmx:afterRequest", (e) => {
  // What htmx calls successful is only what it swaps: a conflict is, too.
  const { elt, xhr } = e.detail, status = xhr?.status ?? 0;
  if (elt === replaced && !status) { replaced = null; return; }
  elt?.dispatchEvent(new CustomEvent("bs:answered", { bubbles: true, detail: { ok: status >= 200 && status < 300, status } }));
});

// Nobody loses their place: where what has the focus goes away, its neighbour
// gets it, or else what comes after it, or before it if nothing does.
const stops = () => [...(document.getElementById("main")?.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary") ?? [])];
const there = (el) => el.isConnected && el.checkVisibility() && !el.disabled && el.tabIndex >= 0;
let around = [];
document.addEventListener("htmx:beforeSwap", () => {
  const all = stops(), at = all.indexOf(document.activeElement);
  const [after, before] = [all.slice(at + 1), all.slice(0, Math.max(at, 0)).reverse()];
  const beside = (el) => el.parentNode === all[at].parentNode;
  around = at < 0 ? [] : [all[at], ...before.filter(beside), ...after.filter(beside), ...after, ...before];
});
document.addEventListener("htmx:afterSettle", () => {
  const at = document.activeElement;
  if (!around.length || at !== document.body && at.checkVisibility()) return;
  around.map((el) => (el.isConnected ? el : el.id && document.getElementById(el.id))).find((el) => el && there(el))?.focus();
  around = [];
});
