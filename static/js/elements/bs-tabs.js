// Several parts of which one is shown at a time. Without script all are shown, each
// under its own heading. What was chosen is kept by the id of the element, so that it
// stays when the page around it is drawn again.
const chosen = new Map();

customElements.define("bs-tabs", class extends HTMLElement {
  connectedCallback() {
    this.addEventListener("click", (e) => {
      const tab = e.target.closest("[role=tab]");
      if (tab) this.choose(tab);
    });
    this.addEventListener("keydown", (e) => this.step(e));
    this.drawn = new MutationObserver(() => this.show());
    this.drawn.observe(this, { childList: true, subtree: true, attributes: true, attributeFilter: ["hidden", "role", "aria-selected"] });
    this.show();
  }

  disconnectedCallback() { this.drawn.disconnect(); }

  get tabs() { return [...this.querySelectorAll(":scope > [role=tablist] > [role=tab]")]; }

  choose(tab) {
    chosen.set(this.id, tab.getAttribute("aria-controls"));
    this.show();
  }

  show() {
    const tabs = this.tabs, part = (t) => document.getElementById(t.getAttribute("aria-controls"));
    const at = tabs.find((t) => t.getAttribute("aria-controls") === chosen.get(this.id)) ?? tabs[0];
    if (tabs.length) tabs[0].parentElement.hidden = false;
    for (const t of tabs) {
      t.setAttribute("aria-selected", t === at);
      t.tabIndex = t === at ? 0 : -1;
      part(t).setAttribute("role", "tabpanel");
      part(t).hidden = t !== at;
    }
    this.drawn.takeRecords(); // what was changed here is no news
  }

  // step goes from tab to tab by the arrow keys, as the direction of the text has it.
  step(e) {
    const tabs = this.tabs, at = tabs.indexOf(document.activeElement);
    if (at < 0) return;
    const ahead = getComputedStyle(this).direction === "rtl" ? "ArrowLeft" : "ArrowRight";
    const to = { ArrowLeft: -1, ArrowRight: 1 }[e.key] * (ahead === "ArrowRight" ? 1 : -1);
    const tab = { Home: tabs[0], End: tabs.at(-1) }[e.key] ?? (to ? tabs.at((at + to) % tabs.length) : undefined);
    if (!tab) return;
    e.preventDefault();
    this.choose(tab);
    tab.focus();
  }
});
