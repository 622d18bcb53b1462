// Menus are <details class="menu">: Escape and a click elsewhere close them.
const opened = () => document.querySelectorAll("details.menu[open]");

document.addEventListener("keydown", (e) => {
  if (e.key !== "Escape") return;
  for (const m of opened()) { m.open = false; m.querySelector("summary").focus(); }
});
document.addEventListener("click", (e) => {
  for (const m of opened()) if (!m.contains(e.target)) m.open = false;
});
