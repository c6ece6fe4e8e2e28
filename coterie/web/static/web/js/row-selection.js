// The checkboxes of a list and the bar that says how many are chosen.
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
    this.last = null;
    this.stop = new AbortController();
    const { signal } = this.stop;
    this.grid.addEventListener("click", (event) => this.clicked(event), { signal });
    this.grid.addEventListener("change", (event) => this.changed(event), { signal });
    this.more.addEventListener("click", () => this.chooseEverybody());
    one(".clear", this.bar).addEventListener("click", () => this.clear());
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

  changed(event) {
    if (event.target === this.page) for (const box of this.boxes) box.checked = this.page.checked;
    this.everybody.disabled = true;
    this.show();
  }
  toggle(box, withRange) {
    if (withRange && this.last) this.range(this.last, box, true);
    else box.checked = !box.checked;
    this.last = box;
    this.everybody.disabled = true;
    this.show();
  }
  choosePage() {
    for (const box of this.boxes) box.checked = true;
    this.show();
  }
  chooseEverybody() {
    this.choosePage();
    this.everybody.disabled = false;
    this.show();
    one(".night-btn:not([hidden])", this.bar).focus();
  }
  clear() {
    for (const box of this.boxes) box.checked = false;
    this.everybody.disabled = true;
    this.show();
    this.grid.focus({ preventScroll: true });
  }

  counted(total) {
    this.dataset.total = total;
    this.show();
  }

  show() {
    const total = Number(this.dataset.total);
    const n = this.chosen.length;
    const whole = n === this.boxes.length;
    const everybody = !this.everybody.disabled;
    this.bar.hidden = n === 0;
    this.page.checked = n > 0 && whole;
    this.page.indeterminate = n > 0 && !whole;
    this.more.hidden = everybody || !whole || total <= n;
    this.more.textContent = this.more.dataset.words.replace("{n}", number.format(total));
    const { some, whole: page, all: matching } = this.words.dataset;
    const words = everybody ? matching : whole ? page : some;
    const [before, after] = words.split("{n}");
    const count = document.createElement("b");
    count.textContent = number.format(everybody ? total : n);
    this.words.replaceChildren(before.replace("<b>", ""), count, after.replace("</b>", ""));
  }
});
