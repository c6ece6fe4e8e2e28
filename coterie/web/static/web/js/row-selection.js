// The checkboxes of a list and the bar that says how many are chosen. Who is chosen is remembered for each list (that is:
// filter and search) as long as the tab is open, so that it survives going to another page of it, or away and back.
import { all, one } from "./dom.js";

const number = new Intl.NumberFormat(document.documentElement.lang);

customElements.define("row-selection", class extends HTMLElement {
  connectedCallback() {
    this.bar = one(".bulkbar", this);
    this.words = one("output", this.bar);
    this.more = one("button.all", this.bar);
    this.everybody = one("input[name=all]", this.bar);
    // While htmx swaps, the old page is still there beside the new one.
    this.grid = one("#grid", this.closest("main"));
    this.page = one("#pick-all", this.grid);
    this.whole = one("button.page", this.bar);
    this.last = null;
    this.ids = new Set();
    this.stop = new AbortController();
    const { signal } = this.stop;
    this.grid.addEventListener("click", (event) => this.clicked(event), { signal });
    this.grid.addEventListener("change", (event) => this.changed(event), { signal });
    this.more.addEventListener("click", () => this.chooseEverybody());
    this.whole.addEventListener("click", () => this.choosePage());
    one(".clear", this.bar).addEventListener("click", () => this.clear());
    document.addEventListener("htmx:before:swap", ({ detail: { ctx } }) => this.answered(ctx), { signal });
    this.restore();
    this.show();
  }
  disconnectedCallback() {
    this.stop.abort();
  }

  get boxes() {
    return all("tbody .pick input", this.grid);
  }
  get chosen() {
    return this.boxes.filter((box) => box.checked);
  }

  // Shift and a click choose everything between the last row and this one.
  clicked(event) {
    const box = event.target.closest("tbody .pick input");
    if (!box) return;
    if (event.shiftKey && this.last) this.range(this.last, box, box.checked);
    this.last = box;
  }
  range(from, to, checked) {
    const boxes = this.boxes;
    const [first, last] = [boxes.indexOf(from), boxes.indexOf(to)].sort((a, b) => a - b);
    for (const box of boxes.slice(Math.max(first, 0), last + 1)) box.checked = checked;
  }

  // Of all who match, who is unticked is an exception; unticking everybody on the page ends it.
  changed(event) {
    if (event.target === this.page) for (const box of this.boxes) box.checked = this.page.checked;
    this.end();
    this.show();
  }
  toggle(box, withRange) {
    if (withRange && this.last) this.range(this.last, box, true);
    else box.checked = !box.checked;
    this.last = box;
    this.end();
    this.show();
  }
  end() {
    if (this.everybody.disabled || this.chosen.length) return;
    this.everybody.disabled = true;
    this.ids.clear();
  }
  choosePage() {
    for (const box of this.boxes) box.checked = true;
    this.show();
  }
  chooseEverybody() {
    this.ids.clear();
    this.everybody.disabled = false;
    this.choosePage();
    one(".night-btn:not([hidden])", this.bar).focus();
  }
  clear() {
    for (const box of this.boxes) box.checked = false;
    this.everybody.disabled = true;
    this.ids.clear();
    this.show();
    this.grid.focus({ preventScroll: true });
  }

  counted(total) {
    this.dataset.total = total;
    this.show();
  }

  // What is remembered are the chosen ones or, of all who match, the exceptions, whatever page they are on.
  get key() {
    return `selection ${this.dataset.list}`;
  }
  restore() {
    const kept = JSON.parse(sessionStorage.getItem(this.key) ?? "null");
    if (!kept) return;
    this.ids = new Set(kept.ids);
    this.everybody.disabled = !kept.everybody;
    for (const box of this.boxes) box.checked = this.ids.has(box.value) !== kept.everybody;
  }
  remember() {
    const everybody = !this.everybody.disabled;
    for (const box of this.boxes) this.ids[box.checked === everybody ? "delete" : "add"](box.value);
    if (!everybody && !this.ids.size) sessionStorage.removeItem(this.key);
    else sessionStorage.setItem(this.key, JSON.stringify({ everybody, ids: [...this.ids] }));
  }
  // A dialog that is answered with the list has done its work on them.
  answered(ctx) {
    if (ctx?.select === "#main" && ctx.sourceElement?.matches("#save-form, #bulk-form")) sessionStorage.removeItem(this.key);
  }

  // Who cannot be seen here goes with the form, and so does how many of all who match that leaves.
  fields(everybody, total) {
    const form = one("#selection");
    const here = new Set(this.boxes.map((box) => box.value));
    const elsewhere = [...this.ids].filter((id) => everybody || !here.has(id));
    Object.assign(form.elements.elsewhere, {
      name: everybody ? "except" : "person",
      value: elsewhere.join(" "),
      disabled: !elsewhere.length,
    });
    // Before a late count is there, nobody has seen a number.
    if (this.dataset.total) form.elements.seen.value = everybody ? total - this.ids.size : total;
  }

  show() {
    this.remember();
    const total = this.dataset.total ? Number(this.dataset.total) : NaN;
    const here = this.chosen.length;
    const everybody = !this.everybody.disabled;
    this.fields(everybody, total);
    const n = everybody ? total - this.ids.size : this.ids.size;
    const whole = here === this.boxes.length;
    const elsewhere = everybody ? 0 : n - here;
    this.bar.hidden = !everybody && n === 0;
    this.page.checked = here > 0 && whole;
    this.page.indeterminate = here > 0 && !whole;
    this.more.hidden = everybody || !whole || !(total > n);
    this.more.textContent = this.more.dataset.words.replace("{n}", number.format(total));
    this.whole.hidden = whole;
    this.say(n, elsewhere, everybody && !this.ids.size ? "all" : elsewhere ? "elsewhere" : whole && !everybody ? "whole" : "some");
  }
  say(n, elsewhere, which) {
    const [before, after] = this.words.dataset[which].replace("{m}", number.format(elsewhere)).split("{n}");
    const count = document.createElement("b");
    count.textContent = Number.isNaN(n) ? "…" : number.format(n);
    this.words.replaceChildren(before.replace("<b>", ""), count, after.replace("</b>", ""));
  }
});
