// What every page loads, after htmx.
import "./htmx-setup.js";
import "./fresh.js";
import "./elements/bs-dialog.js";
import "./elements/bs-menu.js";
import "./elements/bs-toast.js";
import "./elements/bs-password.js";
import "./elements/bs-copy.js";
import "./elements/bs-tabs.js";
import "./elements/bs-zone.js";

// After a redirect the message of the page is spoken once, and the
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
