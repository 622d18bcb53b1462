// A phone shows one part of the composer at a time.

export function show(composer, part) {
  composer.dataset.part = part;
  for (const a of composer.querySelectorAll(".composer-tabs a")) {
    if (a.dataset.part === part) a.setAttribute("aria-current", "true");
    else a.removeAttribute("aria-current");
  }
}

// unfold opens what hides a field, and chooses the picture that it belongs to.
export function unfold(field) {
  field.closest(".tile")?.dispatchEvent(new CustomEvent("bs:choose", { bubbles: true }));
  for (let d = field.closest("details"); d; d = d.parentElement.closest("details")) d.open = true;
}

// jump leads from a problem to its field, whichever part that is in.
export function jump(composer, e) {
  const link = e.target.closest("a[href^='#']");
  const target = link && !link.closest(".composer-tabs") && composer.querySelector(`#${CSS.escape(link.hash.slice(1))}`);
  if (!target) return;
  e.preventDefault();
  unfold(target);
  const part = target.closest("[data-part]");
  if (part && part !== composer) show(composer, part.dataset.part);
  const field = target.matches("input, textarea, select, button") ? target : target.querySelector("input:not([type=hidden]), textarea, select") ?? target;
  field.focus();
  target.scrollIntoView({ block: "center" });
}
