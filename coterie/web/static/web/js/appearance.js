// Theme and sidebar: the choice is kept in a cookie, from which the server writes it into the next page.
import { one } from "./dom.js";

const root = document.documentElement;
const keep = (name, value) => {
  document.cookie = `${name}=${value}; path=/; max-age=31536000; samesite=lax`;
  root.dataset[name] = value;
};

class Toggle extends HTMLElement {
  connectedCallback() {
    this.button = one("button", this);
    this.show();
    this.button.addEventListener("click", () => {
      this.set(!this.on);
      this.show();
    });
  }
  show() {
    this.button.setAttribute("aria-pressed", String(this.on));
  }
}

customElements.define("theme-toggle", class extends Toggle {
  get on() {
    const theme = root.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
    return theme === "dark";
  }
  set(dark) {
    keep("theme", dark ? "dark" : "light");
  }
});

customElements.define("side-toggle", class extends Toggle {
  get on() {
    return one(".side").offsetWidth < 100;
  }
  set(folded) {
    keep("side", folded ? "icons" : "full");
  }
});
