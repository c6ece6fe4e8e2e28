// Copies a text and says so in place.
import { one } from "./dom.js";

customElements.define("copy-button", class extends HTMLElement {
  connectedCallback() {
    const button = one("button", this);
    const label = one("span", button);
    const words = label.textContent;
    button.addEventListener("click", async () => {
      const done = await this.copy(button.dataset.copy);
      button.style.minWidth = `${button.offsetWidth}px`; // The new word must not move what is beside it.
      label.setAttribute("aria-live", "polite");
      label.textContent = done ? "Copied" : "Press Ctrl C";
      setTimeout(() => (label.textContent = words), 1600);
    });
  }

  // The clipboard needs https or localhost. Elsewhere the text is selected, ready to be copied by hand.
  async copy(text) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      const field = document.createElement("textarea");
      field.value = text;
      document.body.append(field);
      field.select();
      const done = document.execCommand("copy");
      field.remove();
      return done;
    }
  }
});
