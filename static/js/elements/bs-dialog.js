// Opens a dialog that the server sent into #dialog-root, and gives the focus
// back when it closes.
const root = document.getElementById("dialog-root");
let opener = null;

document.addEventListener("bs:opening", (e) => { if (!e.detail.closest("dialog")) opener = e.detail; });

function open() {
  const dialog = root?.querySelector("dialog:not([open])");
  if (!dialog) return;
  if (!opener?.isConnected) opener = document.activeElement;
  dialog.showModal();
  (dialog.querySelector("[autofocus]") ?? dialog.querySelector("h2"))?.focus();
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (opener?.isConnected && opener !== document.body) opener.focus();
    else document.querySelector("h1")?.focus();
    opener = null;
  });
  dialog.addEventListener("click", (e) => {
    if (e.target.closest("[data-close]")) { e.preventDefault(); dialog.close(); }
  });
}
document.addEventListener("bs:settled", open);
