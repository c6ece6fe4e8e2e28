// The filter builder in a popover at the chip that opened it. Its content is the page that the chip leads to without
// script, so that both are the same form; Apply leads to the list by way of the server.
import { all, load, one } from "./dom.js";
import { place } from "./pop-over.js";

customElements.define("filter-builder", class extends HTMLElement {
  connectedCallback() {
    this.addEventListener("click", (event) => this.clicked(event));
    this.addEventListener("input", (event) => this.typed(event));
    this.addEventListener("change", (event) => this.changed(event));
    this.addEventListener("keydown", (event) => this.pressed(event));
    this.addEventListener("submit", (event) => this.submitted(event));
    this.addEventListener("toggle", (event) => this.opener?.setAttribute("aria-expanded", event.newState === "open"));
    this.addEventListener("htmx:after:swap", () => this.restore());
  }

  get form() {
    return one("form", this);
  }

  async open(opener) {
    this.opener = opener;
    await load(opener.href, this, "#filter-form");
    if (!this.isConnected) {
      // Meanwhile another page took the place of ours.
      const again = document.getElementById(opener.id);
      return again && one("#filter-pop").open(again);
    }
    this.showPopover();
    place(this, opener);
    this.ready();
    one("[data-first]", this)?.focus();
    if (!one("[aria-current]", this)) one("#find-attribute", this).focus();
  }

  ready() {
    this.chosen = new Set(this.boxes().filter((box) => box.checked).map((box) => box.value));
    this.drawTokens();
    one(".picker [aria-current]", this)?.scrollIntoView({ block: "center" });
    one("button[type=submit].primary", this).disabled = !one("[name=attribute]", this);
  }

  async rule(url) {
    this.chosen = null;
    const part = { target: "#filter-rule", select: "#filter-rule", swap: "outerHTML ignoreTitle:true", push: "false" };
    await window.htmx.ajax("GET", url, part);
    this.ready();
    this.form.dispatchEvent(new Event("change"));
  }

  async clicked(event) {
    const attribute = event.target.closest("[data-attribute]");
    if (attribute) {
      event.preventDefault();
      for (const link of all("[data-attribute]", this)) link.removeAttribute("aria-current");
      attribute.setAttribute("aria-current", "true");
      await this.rule(attribute.href);
      (one("[data-first]", this) ?? one("[data-rule]", this)).focus();
    } else if (event.target.closest("[data-cancel]")) {
      event.preventDefault();
      this.hidePopover();
    } else if (event.target.closest("[data-back]")) {
      event.preventDefault();
      one("[aria-current]", this)?.removeAttribute("aria-current");
    } else if (event.target.closest(".token button")) {
      // Its box may be on its way: suggestions are swapped while one goes on.
      this.chosen.delete(event.target.closest(".token").dataset.value);
      this.restore();
      this.form.dispatchEvent(new Event("change"));
    } else if (event.target.closest("[name=preset]")) {
      event.preventDefault();
      const [amount, unit] = event.target.closest("[name=preset]").value.split(" ");
      this.form.elements.amount.value = amount;
      this.form.elements.unit.value = unit;
      this.pressPreset();
      this.form.dispatchEvent(new Event("change"));
    }
  }

  pressPreset() {
    const { amount, unit } = this.form.elements;
    for (const preset of all("[name=preset]", this)) {
      preset.setAttribute("aria-pressed", String(preset.value === `${amount.value} ${unit.value}`));
    }
  }

  typed(event) {
    if (event.target.id === "find-attribute") this.find(event.target.value.trim().toLowerCase());
    else if (event.target.name === "typed") {
      for (const radio of all("input[type=radio]", this)) radio.checked = false;
    } else if (event.target.matches("[name=amount], [name=unit]")) this.pressPreset();
  }

  find(wanted) {
    for (const list of all(".picker ul", this)) {
      const group = list.previousElementSibling.textContent;
      for (const item of list.children) {
        const words = `${item.textContent} ${item.firstElementChild.dataset.attribute} ${group}`;
        item.hidden = !words.toLowerCase().includes(wanted);
      }
      list.hidden = [...list.children].every((item) => item.hidden);
      list.previousElementSibling.hidden = list.hidden;
    }
  }

  async changed(event) {
    if (event.target.matches("[data-rule]")) {
      const fields = new URLSearchParams(new FormData(this.form));
      const path = new URL(this.opener.href).pathname;
      await this.rule(`${path}?${fields}`);
      (one("[data-first]", this) ?? one("[data-rule]", this)).focus();
    } else if (event.target.matches("input[type=radio]")) {
      this.form.elements.typed.value = event.target.value;
    } else if (event.target.matches("input[type=checkbox]")) {
      if (event.target.checked) this.chosen.add(event.target.value);
      else this.chosen.delete(event.target.value);
      this.drawTokens();
    }
  }

  boxes() {
    return all("#suggestions input[type=checkbox]", this);
  }

  // What is chosen of a rule with many values stands in the box as tokens; then what is typed only looks for more.
  drawTokens() {
    const well = one(".tokens", this);
    const strict = this.form?.elements.only_chosen;
    if (!well || !strict) return;
    strict.disabled = this.chosen.size === 0;
    for (const token of all(".token", well)) token.remove();
    for (const value of this.chosen) one("input", well).before(this.token(value));
  }

  // Suggestions that were asked for a moment ago do not undo what was chosen since.
  restore() {
    if (!this.chosen || !one("input[name=only_chosen]", this)) return;
    for (const box of this.boxes()) box.checked = this.chosen.has(box.value);
    const shown = new Set(this.boxes().map((box) => box.value));
    for (const value of this.chosen) if (!shown.has(value)) this.addRow(value);
    this.drawTokens();
  }

  addRow(value) {
    const row = document.createElement("li");
    const label = document.createElement("label");
    const words = Object.assign(document.createElement("bdi"), { className: "clip", textContent: value });
    const box = Object.assign(document.createElement("input"), { type: "checkbox", name: "value", value, checked: true });
    label.append(box, words);
    row.append(label);
    one("#suggestions", this).prepend(row);
  }

  // A segment's value is its id.
  nameOf(value) {
    const box = this.boxes().find((found) => found.value === value);
    return box?.closest("label").querySelector(".clip").textContent ?? value;
  }

  token(value) {
    const token = document.createElement("span");
    token.className = "token";
    token.dataset.value = value;
    const remove = document.createElement("button");
    remove.type = "button";
    remove.setAttribute("aria-label", `Remove ${this.nameOf(value)}`);
    remove.append(one(".picker use", this).closest("svg").cloneNode(true));
    const use = one("use", remove);
    use.setAttribute("href", use.getAttribute("href").replace(/#.*/, "#i-x"));
    const words = Object.assign(document.createElement("bdi"), { textContent: this.nameOf(value) });
    token.append(words, remove);
    return token;
  }

  pressed(event) {
    if (event.target.id === "find-attribute" && ["Enter", "ArrowDown"].includes(event.key)) {
      event.preventDefault();
      const first = all("[data-attribute]", this).find((link) => link.offsetParent !== null);
      if (event.key === "Enter") first?.click();
      else first?.focus();
    } else if (event.target.matches("[data-attribute]") && ["ArrowDown", "ArrowUp"].includes(event.key)) {
      event.preventDefault();
      const links = all("[data-attribute]", this).filter((link) => link.offsetParent !== null);
      const next = links.indexOf(event.target) + (event.key === "ArrowDown" ? 1 : -1);
      (links[next] ?? one("#find-attribute", this)).focus();
    } else if (event.target.name === "typed") {
      if (event.key === "Enter" && event.target.value.trim()) this.addTyped(event);
      else if (event.key === "Backspace" && !event.target.value) one(".token:last-of-type button", this)?.click();
      else if (event.key === "ArrowDown") this.intoList(event);
    }
  }

  intoList(event) {
    event.preventDefault();
    one("#suggestions input", this)?.focus();
  }

  // Enter adds what was typed to a rule with many values; it sends a rule with one.
  addTyped(event) {
    if (!this.form.elements.only_chosen) return;
    event.preventDefault();
    const value = event.target.value.trim();
    const known = this.boxes().find((box) => box.value.toLowerCase() === value.toLowerCase());
    this.chosen.add(known?.value ?? value);
    event.target.value = "";
    this.restore();
    this.form.dispatchEvent(new Event("change"));
  }

  // The list takes the place of the page; a value that is refused keeps the builder open and says why.
  async submitted(event) {
    event.preventDefault();
    const fields = new URLSearchParams(new FormData(this.form));
    if (this.chosen && one("input[name=only_chosen]", this)) {
      fields.delete("value");
      for (const value of this.chosen) fields.append("value", value);
    }
    const answer = await fetch(`${this.form.getAttribute("action")}?${fields}`);
    if (answer.redirected) {
      const url = new URL(answer.url);
      if (url.pathname === "/login") return location.assign(url);
      this.hidePopover();
      return show(url.pathname + url.search, await answer.text());
    }
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    one("#filter-rule", this).replaceWith(one("#filter-rule", page));
    window.htmx.process(one("#filter-rule", this));
    this.ready();
    one("[data-first]", this)?.focus();
  }
});

// A page that was fetched already.
function show(path, text) {
  const main = one("#main");
  return window.htmx.swap({ text, target: main, sourceElement: main, select: "#main", swap: "outerHTML", push: path,
    selectOOB: "#side-nav,#people-total,#toasts", request: {} });
}

document.addEventListener("click", (event) => {
  const opener = event.target.closest?.("[data-filter-pop]");
  if (!opener || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  one("#filter-pop").open(opener);
});
