// The menu of views in a popover. Its button leads to a page with the same without script.
import { all, load, one } from "./dom.js";
import { place } from "./pop-over.js";

// The saved view that this window showed last: only then can a change of the list mean that view.
const OPENED = "coterie-view";

customElements.define("view-opener", class extends HTMLElement {
  connectedCallback() {
    if (this.dataset.saved) sessionStorage.setItem(OPENED, this.dataset.saved);
    else if ("everybody" in this.dataset) sessionStorage.removeItem(OPENED);
  }
});

customElements.define("views-menu", class extends HTMLElement {
  connectedCallback() {
    this.addEventListener("click", (event) => this.clicked(event));
    this.addEventListener("input", (event) => event.target.id === "find-view" && this.find(event.target.value));
    this.addEventListener("keydown", (event) => this.pressed(event));
    this.addEventListener("toggle", (event) => this.opener?.setAttribute("aria-expanded", event.newState === "open"));
  }

  // The button is swapped with the list.
  get opener() {
    return one("#views-button");
  }
  get links() {
    return all(".list a", this).filter((link) => link.offsetParent !== null);
  }

  async open() {
    const url = new URL(this.opener.dataset.menu, location.href);
    url.searchParams.set("opened", sessionStorage.getItem(OPENED) ?? "");
    await load(url.href, this, "#views-list");
    if (!this.isConnected || !this.firstElementChild) return;
    // Whatever had the focus: the layer gives it back to its button.
    this.opener.focus();
    this.showPopover();
    place(this, this.opener);
    (one("#find-view", this) ?? one(".list [aria-current]", this) ?? this.links[0])?.focus();
  }

  clicked(event) {
    const link = event.target.closest("a");
    if (!link) return;
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    // Whoever chooses another list has left the view; a dialog gives the focus back to where it came from.
    if (link.closest(".list")) sessionStorage.removeItem(OPENED);
    this.hidePopover();
    this.opener?.focus();
  }

  find(text) {
    const wanted = text.trim().toLowerCase();
    for (const item of all(".list li", this)) item.hidden = !item.textContent.toLowerCase().includes(wanted);
    for (const group of all(".list h3", this)) group.hidden = !one("li:not([hidden])", group.nextElementSibling);
  }

  // Arrows walk through the list; Enter in the search opens the first one found.
  pressed(event) {
    const isSearch = event.target.id === "find-view";
    if (event.key === "Enter" && isSearch) return this.links[0]?.click();
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!by) return;
    event.preventDefault();
    const { links } = this;
    const at = isSearch ? -1 : links.indexOf(event.target);
    (links[at + by] ?? (by < 0 ? one("#find-view", this) : links.at(-1)))?.focus();
  }
});

document.addEventListener("click", (event) => {
  const opener = event.target.closest?.("[data-views-pop]");
  if (!opener || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  one("#views-pop").open();
});
