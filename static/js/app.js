// Starts htmx with the settings of the page and loads the elements a page uses.
import "./htmx-setup.js";

const elements = ["bs-dialog", "bs-menu", "bs-toast", "bs-password", "bs-copy", "bs-zone"];
const onPages = { "bs-calendar": 1, "bs-card-menu": 1, "bs-composer": 1, "bs-uploader": 1, "bs-once": 1 };

function load(root) {
  for (const name of Object.keys(onPages)) {
    if (!customElements.get(name) && root.querySelector(name)) import(`./elements/${name}.js`);
  }
}

for (const name of elements) import(`./elements/${name}.js`);
load(document);
document.addEventListener("htmx:afterSettle", () => load(document));

// After a redirect the message of the page is spoken once (ux.md 4.8), and the
// work goes on where the address says, or at the top.
const flash = document.querySelector("[data-flash]");
if (flash) {
  const there = location.hash.length > 1 && document.querySelector(`main #${CSS.escape(location.hash.slice(1))}`);
  (there || document.querySelector("main [autofocus]") || document.querySelector("h1"))?.focus();
  setTimeout(() => { document.getElementById("say").textContent = flash.textContent.trim(); }, 100);
}
const summary = document.querySelector(".errors[tabindex]");
if (summary) summary.focus();

// Copies of what was typed do not outlive the sign-in.
document.addEventListener("submit", (e) => {
  if (new URL(e.target.action, location).pathname !== "/sign-out") return;
  for (const key of Object.keys(localStorage)) if (key.startsWith("bs:draft:")) localStorage.removeItem(key);
});
