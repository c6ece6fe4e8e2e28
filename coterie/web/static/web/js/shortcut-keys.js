// Single keys, as long as nobody types. The list of them is the dialog behind `?`.
import { all, isTyping, one } from "./dom.js";
import { open } from "./dialogs.js";

const WAIT = 1500;

customElements.define("shortcut-keys", class extends HTMLElement {
  connectedCallback() {
    this.keys = {
      "?": () => open(one("#keys")),
      f: () => one("#add-filter")?.click(),
      c: () => one("#choose-columns")?.click(),
      v: () => one("#views-button")?.click(),
      "/": () => one("#search")?.focus(),
      o: () => this.lines[this.at]?.click(),
      j: () => this.step(1),
      k: () => this.step(-1),
      x: () => this.pick(false),
      X: () => this.pick(true),
      s: () => (one("#person [data-key=s]") ?? one(".bulkbar:not([hidden]) [data-key=s]"))?.click(),
      e: () => one("[data-inline]", document.activeElement.closest("[data-edit]") ?? document.createElement("i"))?.click(),
      E: () => (one(".bulkbar:not([hidden]) [data-export-selected]") ?? one("[data-export-all]"))?.click(),
      "[": () => one("side-toggle button").click(),
      g: () => (this.going = Date.now()),
      z: () => this.undo(),
      Escape: () => one("person-panel")?.close() || (one(".bulkbar:not([hidden])") && one("row-selection").clear()),
    };
    this.listener = (event) => this.pressed(event);
    document.addEventListener("keydown", this.listener);
  }
  disconnectedCallback() {
    document.removeEventListener("keydown", this.listener);
  }

  pressed(event) {
    if (event.defaultPrevented || event.altKey || event.metaKey || isTyping(event.target)) return;
    if (one("dialog[open], [popover]:popover-open")) return;
    if (event.ctrlKey) return this.withControl(event);
    if (Date.now() - (this.going ?? 0) < WAIT) {
      this.going = 0;
      const place = { u: this.dataset.users, s: this.dataset.segments, a: this.dataset.archives, j: this.dataset.activity, c: this.dataset.channels, ",": this.dataset.settings }[event.key];
      if (place) return this.go(event, place);
    }
    const act = this.keys[event.key];
    if (!act) return;
    if (event.key !== "Escape") event.preventDefault();
    act();
  }

  withControl(event) {
    if (event.key !== "a" || !event.target.closest("#grid")) return;
    const selection = one("row-selection");
    if (!selection) return;
    event.preventDefault();
    selection.choosePage();
  }
  go(event, place) {
    event.preventDefault();
    one(`#side-nav a[href="${place}"]`).click();
  }

  // What the message on the page says or, without one, the member's newest operation. On the list one stays there.
  undo() {
    const said = one("#toasts [data-undo]");
    if (said) return said.click();
    const form = one("#undo-newest");
    if (!form) return;
    const back = form.elements.back;
    back.disabled = location.pathname !== this.dataset.users;
    back.value = location.search.slice(1);
    form.submit();
  }

  get lines() {
    return all("#grid tbody .line, #chats .line");
  }
  get at() {
    return this.lines.indexOf(one(".line", document.activeElement?.closest("#grid tbody tr, #chats li") ?? document.createElement("i")));
  }
  // On the page of a person, and beside the list, to the next person; in the list to the next row.
  step(by) {
    if (one("#person")) return one(by > 0 ? "#next-person" : "#previous-person")?.click();
    const next = this.at < 0 ? 0 : this.at + by;
    this.lines[Math.min(Math.max(next, 0), this.lines.length - 1)]?.focus();
  }
  pick(withRange) {
    const row = this.lines[this.at]?.closest("tr");
    const box = row && one(".pick input", row);
    if (box) one("row-selection").toggle(box, withRange);
  }
});
