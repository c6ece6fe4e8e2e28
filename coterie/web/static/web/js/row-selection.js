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

  // Of all who match, who is unticked is an exception; unticking everybody on the page ends it.
  changed(event) {
    if (event.target === this.page) for (const box of this.boxes) box.checked = this.page.checked;
    this.everybody.disabled ||= !this.chosen.length;
    this.show();
  }
  toggle(box, withRange) {
    if (withRange && this.last) this.range(this.last, box, true);
    else box.checked = !box.checked;
    this.last = box;
    this.everybody.disabled ||= !this.chosen.length;
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

  // What of all who match is left out goes with the form, and so does how many that makes.
  except(everybody, total) {
    for (const field of all("#selection [name=except]")) field.remove();
    const form = one("#selection");
    const left = everybody ? this.boxes.filter((box) => !box.checked) : [];
    for (const box of left) {
      const field = Object.assign(document.createElement("input"), { type: "hidden", name: "except", value: box.value });
      form.append(field);
    }
    // Before a late count is there, nobody has seen a number.
    if (this.dataset.total) form.elements.seen.value = total - left.length;
    return left.length;
  }

  show() {
    const total = Number(this.dataset.total);
    const n = this.chosen.length;
    const whole = n === this.boxes.length;
    const everybody = !this.everybody.disabled;
    const left = this.except(everybody, total);
    this.bar.hidden = n === 0;
    this.page.checked = n > 0 && whole;
    this.page.indeterminate = n > 0 && !whole;
    this.more.hidden = everybody || !whole || total <= n;
    this.more.textContent = this.more.dataset.words.replace("{n}", number.format(total));
    const { some, whole: page, all: matching } = this.words.dataset;
    const words = everybody && left ? some : everybody ? matching : whole ? page : some;
    const [before, after] = words.split("{n}");
    const count = document.createElement("b");
    count.textContent = number.format(everybody ? total - left : n);
    this.words.replaceChildren(before.replace("<b>", ""), count, after.replace("</b>", ""));
  }
});
