// The column chooser in a popover: tick, drag or press a button, and the list follows. Its content is the page that the
// plus icon leads to without script.
import { all, load, one } from "./dom.js";
import { place } from "./pop-over.js";

customElements.define("column-chooser", class extends HTMLElement {
  connectedCallback() {
    this.addEventListener("click", (event) => this.clicked(event));
    this.addEventListener("input", (event) => event.target.id === "find-column" && this.find(event.target.value));
    this.addEventListener("change", (event) => this.changed(event));
    // Looking for a column changes no column: the form must not hear of it.
    this.addEventListener("change", (event) => event.target.id === "find-column" && event.stopPropagation(), { capture: true });
    this.addEventListener("keydown", (event) => this.pressed(event));
    this.addEventListener("toggle", (event) => this.opener?.setAttribute("aria-expanded", event.newState === "open"));
    for (const kind of ["dragstart", "dragover", "drop", "dragend"]) this.addEventListener(kind, (event) => this[kind](event));
  }

  // The list is swapped while the popover is open, and its plus icon with it.
  get opener() {
    return one("#choose-columns");
  }
  get shown() {
    return one("ol", this);
  }
  get form() {
    return one("form", this);
  }

  async open() {
    await load(this.opener.href, this, "#columns-form");
    if (!this.isConnected) return;
    this.showPopover();
    place(this, this.opener);
    one("[data-first]", this)?.focus();
  }

  clicked(event) {
    const button = event.target.closest("button");
    if (!button) return;
    if ("done" in button.dataset) {
      this.hidePopover();
      this.opener?.focus();
    } else if (button.name === "up" || button.name === "down") {
      event.preventDefault();
      this.move(button.closest("li"), button.name === "up" ? -1 : 1);
      button.focus();
    } else if (button.name === "reset") {
      event.preventDefault();
      this.reset();
    }
  }

  async reset() {
    const fields = new FormData(this.form);
    fields.delete("columns");
    fields.set("reset", "1");
    await window.htmx.ajax("POST", this.form.action, {
      ...this.parts(), values: Object.fromEntries(fields.entries()), source: one("footer", this),
    });
    await load(this.opener.href, this, "#columns-form");
    one("[data-first]", this)?.focus();
  }
  parts() {
    const { form } = this;
    return {
      target: form.getAttribute("hx-target"), select: form.getAttribute("hx-select"), replace: "true",
      selectOOB: form.getAttribute("hx-select-oob"), swap: form.getAttribute("hx-swap"),
    };
  }

  // A column that is ticked goes to the end of those that are shown; one that is not any more, to the top of the rest.
  changed(event) {
    if (event.target.name !== "column") return;
    const item = event.target.closest("li");
    item.draggable = event.target.checked;
    if (event.target.checked) this.shown.append(item);
    else one("ul", this).prepend(item);
    one("#columns-more", this).hidden = !one("ul li", this);
    event.target.focus();
    this.count();
  }

  move(item, by) {
    const other = by < 0 ? item.previousElementSibling : item.nextElementSibling;
    if (!other || !one("[name=column]", other)) return;
    if (by < 0) other.before(item);
    else other.after(item);
    this.send();
  }
  send() {
    this.count();
    this.form.dispatchEvent(new Event("change", { bubbles: true }));
  }
  count() {
    const words = one("output", this);
    const shown = all("ol li", this).length;
    words.textContent = words.dataset.words.replace("{n}", shown).replace("{of}", shown + all("ul li", this).length);
  }

  find(text) {
    const wanted = text.trim().toLowerCase();
    for (const item of all(".list li", this)) {
      item.hidden = !`${item.textContent} ${item.dataset.group ?? ""}`.toLowerCase().includes(wanted);
    }
  }

  // Alt and an arrow move a column; plain arrows walk through the list.
  pressed(event) {
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!by) return;
    const item = event.target.closest("li");
    event.preventDefault();
    if (event.altKey && item && this.shown.contains(item)) {
      this.move(item, by);
      event.target.focus();
      return;
    }
    const boxes = all("[name=column]", this).filter((box) => box.offsetParent !== null);
    const at = boxes.indexOf(item && one("[name=column]", item));
    (boxes[at + by] ?? (by < 0 ? one("#find-column", this) : boxes.at(-1)))?.focus();
  }

  dragstart(event) {
    this.dragged = event.target.closest?.("li[draggable=true]");
    if (!this.dragged) return;
    this.dragged.toggleAttribute("data-dragging", true);
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", "");
  }
  dragover(event) {
    const item = event.target.closest?.("ol li");
    if (!this.dragged || !item) return;
    event.preventDefault();
    const box = item.getBoundingClientRect();
    const after = event.clientY > box.top + box.height / 2 || !one("[name=column]", item);
    if (item !== this.dragged) item[after ? "after" : "before"](this.dragged);
  }
  drop(event) {
    if (this.dragged) event.preventDefault();
  }
  dragend() {
    if (!this.dragged) return;
    this.dragged.removeAttribute("data-dragging");
    this.dragged = null;
    this.send();
  }
});

document.addEventListener("click", (event) => {
  const opener = event.target.closest?.("[data-columns-pop]");
  if (!opener || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  one("#columns-pop").open();
});
