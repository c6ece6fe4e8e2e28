// Find a segment by typing, or make the typed name a new one.
import { all, one } from "./dom.js";

customElements.define("segment-picker", class extends HTMLElement {
  connectedCallback() {
    this.search = one("input[type=search]", this);
    this.button = one("[data-create]", this);
    this.search.addEventListener("input", () => this.filter());
    this.search.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      this.enter();
    });
    this.button.addEventListener("click", () => this.create());
  }

  get typed() {
    return this.search.value.trim();
  }
  rows() {
    return all("li", this).filter((row) => one("input[type=checkbox]", row));
  }
  nameOf(row) {
    return one(".pill", row).textContent.trim().toLowerCase();
  }

  filter() {
    const wanted = this.typed.toLowerCase();
    for (const row of this.rows()) row.hidden = !this.nameOf(row).includes(wanted);
    const words = this.button.dataset.words;
    one("span", this.button).textContent = wanted ? `${words} “${this.typed}”` : words;
    this.button.parentElement.hidden = this.rows().some((row) => this.nameOf(row) === wanted);
  }

  // Enter takes the segment of that name, else the only one found, else makes a new one.
  enter() {
    const shown = this.rows().filter((row) => !row.hidden);
    const exact = shown.find((row) => this.nameOf(row) === this.typed.toLowerCase());
    const row = exact ?? (shown.length === 1 ? shown[0] : null);
    if (row) this.choose(one("input", row));
    else this.create();
  }

  choose(box) {
    if (!box.checked) box.click();
    this.search.value = "";
    this.filter();
  }

  create() {
    if (!this.typed) return this.search.focus();
    const row = one("template", this).content.firstElementChild.cloneNode(true);
    one("input", row).value = this.typed;
    one(".clip", row).textContent = this.typed;
    this.button.parentElement.before(row);
    this.search.value = "";
    this.filter();
    row.scrollIntoView({ block: "nearest" });
    this.search.focus();
    this.dispatchEvent(new Event("change", { bubbles: true }));
  }
});
