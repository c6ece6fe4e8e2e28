// A number that took too long to wait for: asked for when the page is there, and put wherever it belongs.
import { all, one } from "./dom.js";

customElements.define("late-count", class extends HTMLElement {
  async connectedCallback() {
    this.stop = new AbortController();
    try {
      const answer = await fetch(this.dataset.url, { redirect: "error", signal: this.stop.signal });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      this.show(Number(one("#counted", page).dataset.total));
    } catch {
      // Another page took the place of ours, or there is no connection: the words stay as they are.
    }
  }
  disconnectedCallback() {
    this.stop.abort();
  }
  show(total) {
    const shown = new Intl.NumberFormat(document.documentElement.lang).format(total);
    const number = document.createElement("b");
    number.textContent = shown;
    for (const place of all("[data-late]")) place.textContent = place.dataset.late.replace("{n}", shown);
    one("#selection [name=seen]").value = total;
    const selection = one("row-selection");
    if (selection) selection.counted(total);
    this.replaceChildren(number);
  }
});
