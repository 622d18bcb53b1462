// Copies the field beside the button and says so.
document.addEventListener("click", async (e) => {
  const b = e.target.closest("button[data-copies]");
  if (!b) return;
  const field = document.getElementById(b.dataset.copies);
  field.select();
  try { await navigator.clipboard.writeText(field.value); } catch { document.execCommand("copy"); }
  b.textContent = b.dataset.doneText;
  document.getElementById("say").textContent = b.dataset.doneText;
});
for (const b of document.querySelectorAll("button[data-copies]")) b.hidden = false;
