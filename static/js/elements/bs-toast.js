// Messages at the edge of the page. Those without an action leave after 8 s of
// visible time, those with one after 30 s; problems stay.
const list = document.getElementById("toasts");
const say = document.getElementById("say");

// Whoever closes a message goes back to where they came from.
let from = null;
list.addEventListener("focusin", (e) => { if (!list.contains(e.relatedTarget)) from = e.relatedTarget; });

function watch(toast) {
  if (toast.dataset.watched) return;
  toast.dataset.watched = "1";
  toast.querySelector("[data-close]")?.addEventListener("click", () => {
    toast.remove();
    (from?.isConnected ? from : document.querySelector("h1"))?.focus();
  });
  if (toast.dataset.kind === "problem") return;
  let left = toast.querySelector("form, a") ? 30 : 8;
  const t = setInterval(() => {
    if (!toast.isConnected) return clearInterval(t);
    if (document.hidden || toast.matches(":hover, :focus-within")) return;
    if (--left <= 0) { clearInterval(t); toast.remove(); }
  }, 1000);
}

// What a message offers to undo cannot be undone once the post has moved on.
for (const name of ["bs:moved", "bs:conflict"]) {
  document.addEventListener(name, (e) => {
    for (const t of list.querySelectorAll(`.toast:has([data-undo="${e.detail.id}"])`)) t.remove();
  });
}

function trim() {
  const all = [...list.querySelectorAll(".toast")];
  for (const t of all.slice(0, -3)) t.remove();
  all.slice(-3).forEach(watch);
}

document.addEventListener("bs:toast", (e) => {
  const li = document.createElement("li");
  li.className = "toast";
  li.dataset.kind = e.detail.kind ?? "done";
  const p = document.createElement("p");
  p.textContent = e.detail.text;
  const b = document.createElement("button");
  b.type = "button"; b.className = "btn"; b.dataset.size = "s"; b.dataset.close = "";
  b.textContent = list.dataset.closeText;
  li.append(p, b);
  list.append(li);
  (e.detail.kind === "problem" ? document.getElementById("say-now") : say).textContent = e.detail.text;
  trim();
});
document.addEventListener("bs:settled", trim);
trim();
