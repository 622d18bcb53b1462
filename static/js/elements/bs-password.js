// Shows or hides what is typed in a password field.
document.addEventListener("click", (e) => {
  const b = e.target.closest("button[data-shows]");
  if (!b) return;
  const field = document.getElementById(b.dataset.shows);
  const show = field.type === "password";
  field.type = show ? "text" : "password";
  b.textContent = show ? b.dataset.hideText : b.dataset.showText;
  b.setAttribute("aria-pressed", String(show));
});
for (const b of document.querySelectorAll("button[data-shows]")) b.hidden = false;
