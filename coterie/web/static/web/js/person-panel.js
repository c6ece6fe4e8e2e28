// A person beside the list: the same page that the address opens, in a panel over the list. The address bar carries the
// person, so reloading or sharing it shows the whole page; Escape and Back close it.
import { all, one } from "./dom.js";

// There is no room for both on less.
const WIDE = "(min-width: 1100px)";

customElements.define("person-panel", class extends HTMLElement {
  connectedCallback() {
    this.gone = new AbortController();
    const { signal } = this.gone;
    document.addEventListener("click", (event) => this.clicked(event), { capture: true, signal });
    document.addEventListener("htmx:before:history:restore", (event) => this.went(event), { signal });
    document.addEventListener("htmx:after:request", (event) => {
      if (event.detail.ctx?.request?.method === "POST" && !this.hidden) this.changed = true;
    }, { signal });
    document.addEventListener("htmx:after:swap", () => this.mark(), { signal });
  }
  disconnectedCallback() {
    this.gone.abort();
  }

  clicked(event) {
    if (event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    if (event.target.closest?.("[data-close-panel]")) return this.close();
    const link = event.target.closest?.("#grid .who a.line");
    if (!link || !matchMedia(WIDE).matches) return;
    event.preventDefault();
    event.stopPropagation();
    this.open(link);
  }

  async open(link) {
    if (this.hidden) {
      this.list = location.pathname + location.search;
      this.title = document.title;
    }
    const { href } = link;
    await this.show(href);
    if (!this.isConnected) return;
    history.pushState({ htmx: true }, "", href);
    this.focus({ preventScroll: true });
  }

  async show(url) {
    this.setAttribute("aria-busy", "true");
    await window.htmx.ajax("GET", url, { target: this, select: "#person", swap: "innerHTML", push: "false" });
    this.removeAttribute("aria-busy");
    this.hidden = false;
  }

  // The row of who is shown, also after going on to somebody else, who need not be on this page of the list.
  mark() {
    const who = one("[data-person]", this)?.dataset.person;
    if (!who) return;
    const link = one(`#grid .who a.line[href^="/users/${who}"]`);
    if (link) this.opener = link.getAttribute("href");
    for (const row of all("#grid tr[data-open]")) row.removeAttribute("data-open");
    link?.closest("tr").setAttribute("data-open", "");
  }

  // True when there was something to close.
  close() {
    if (this.hidden) return false;
    history.replaceState({ htmx: true }, "", this.list);
    this.end();
    return true;
  }

  end() {
    this.hidden = true;
    this.replaceChildren();
    document.title = this.title;
    one("#grid tr[data-open]")?.removeAttribute("data-open");
    const back = () => one(`#grid a.line[href="${CSS.escape(this.opener)}"]`)?.focus({ preventScroll: true });
    back();
    if (!this.changed) return;
    this.changed = false;
    // What was changed here is seen in the list.
    window.htmx.ajax("GET", this.list, { target: "#list", select: "#list", swap: "outerHTML", push: "false" }).then(back);
  }

  // Back and forward between the list and people beside it, without loading the list again.
  went(event) {
    if (this.hidden) return;
    const { path } = event.detail;
    const [place] = path.split("?");
    if (path === this.list) this.end();
    else if (/^\/users\/[0-9a-f]{24}$/.test(place)) this.show(path);
    else return;
    event.preventDefault();
  }
});
