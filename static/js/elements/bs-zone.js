// Proposes the time zone of this device on set-up. data-older has the zones by
// the names that browsers still give them: Asia/Calcutta for Asia/Kolkata.
class Zone extends HTMLElement {
  connectedCallback() {
    if (!this.dataset.older) return;
    const select = this.querySelector("select");
    const said = Intl.DateTimeFormat().resolvedOptions().timeZone;
    const zone = JSON.parse(this.dataset.older)[said] ?? said;
    if ([...select.options].some((o) => o.value === zone)) select.value = zone;
  }
}
customElements.define("bs-zone", Zone);
