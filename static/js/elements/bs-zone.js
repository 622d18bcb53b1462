// Proposes the time zone of this device on set-up.
class Zone extends HTMLElement {
  connectedCallback() {
    if (!this.hasAttribute("data-guess")) return;
    const select = this.querySelector("select");
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    if ([...select.options].some((o) => o.value === zone)) select.value = zone;
  }
}
customElements.define("bs-zone", Zone);
