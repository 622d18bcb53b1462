// Dragging pictures into order with mouse, pen and, after a long press, touch. The
// picture itself stays where it is until it is let go: nothing on the page shifts
// under the pointer.
const LONG_PRESS_MS = 350, FAR_PX = 6, EDGE_PX = 60, SCROLL_PX = 12;

// draggable calls drop with a tile, the one beside which it was let go, and on
// which side.
export function draggable(list, drop, signal) {
  let drag = null; // {tile, x, y, touch, timer, ghost, at}: what is pressed, and once it moves, its ghost and where it would go

  const on = (target, name, fn, options = {}) => target.addEventListener(name, fn, { signal, ...options });
  on(list, "pointerdown", (e) => {
    const tile = e.target.closest(".tile-face")?.closest(".tile");
    if (!tile || e.button !== 0 || !e.isPrimary || list.querySelectorAll(".tile").length < 2) return;
    const touch = e.pointerType === "touch";
    drag = { tile, x: e.clientX, y: e.clientY, touch, timer: touch ? setTimeout(start, LONG_PRESS_MS) : 0 };
  });
  on(document, "pointermove", (e) => {
    if (!drag) return;
    const far = Math.hypot(e.clientX - drag.x, e.clientY - drag.y) > FAR_PX;
    if (!drag.ghost && far) {
      if (drag.touch) return end(); // the page is scrolled
      start();
    }
    if (drag.ghost) follow(e);
  });
  on(document, "pointerup", () => {
    const { tile, at } = drag ?? {};
    end();
    if (at?.tile.isConnected && tile.isConnected) drop(tile, at.tile, at.after);
  });
  on(document, "pointercancel", end);
  on(document, "keydown", (e) => { if (e.key === "Escape" && drag?.ghost) { e.preventDefault(); e.stopPropagation(); end(); } }, { capture: true });
  // A finger that holds a picture neither scrolls nor opens a menu.
  on(list, "touchmove", (e) => { if (drag?.ghost) e.preventDefault(); }, { passive: false });
  on(list, "contextmenu", (e) => { if (drag?.touch) e.preventDefault(); });

  function start() {
    const face = drag.tile.querySelector(".tile-face"), r = face.getBoundingClientRect();
    const ghost = face.cloneNode(true);
    ghost.className = "tile-face tile-ghost";
    ghost.inert = true;
    Object.assign(ghost.style, { left: `${r.left}px`, top: `${r.top}px`, width: `${r.width}px`, height: `${r.height}px` });
    document.body.append(ghost);
    drag.ghost = ghost;
    drag.tile.classList.add("is-moving");
    if (drag.touch && navigator.userActivation?.hasBeenActive) navigator.vibrate?.(10);
  }

  function follow(e) {
    drag.ghost.style.transform = `translate(${e.clientX - drag.x}px, ${e.clientY - drag.y}px)`;
    if (e.clientY < EDGE_PX) scrollBy(0, -SCROLL_PX);
    if (e.clientY > innerHeight - EDGE_PX) scrollBy(0, SCROLL_PX);
    unmark();
    drag.at = null;
    const near = nearest(e);
    if (!near || near.tile === drag.tile) return;
    const after = (getComputedStyle(list).direction === "rtl") !== e.clientX > near.x;
    const before = after ? near.tile.nextElementSibling : near.tile;
    if (before === drag.tile || before === drag.tile.nextElementSibling) return; // where it is already
    drag.at = { tile: near.tile, after };
    near.tile.dataset.drop = after ? "after" : "before";
  }

  // nearest is the tile whose picture is below the pointer, or close to it.
  function nearest({ clientX, clientY }) {
    let best = null;
    for (const tile of list.querySelectorAll(".tile")) {
      const r = tile.querySelector(".tile-face").getBoundingClientRect(), x = r.left + r.width / 2;
      const away = Math.hypot(clientX - x, clientY - r.top - r.height / 2);
      if (away < 1.5 * r.width && (!best || away < best.away)) best = { tile, x, away };
    }
    return best;
  }

  function unmark() { for (const t of list.querySelectorAll("[data-drop]")) delete t.dataset.drop; }

  function end() {
    if (!drag) return;
    clearTimeout(drag.timer);
    drag.ghost?.remove();
    drag.tile.classList.remove("is-moving");
    unmark();
    drag = null;
  }
}
