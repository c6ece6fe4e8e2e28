// The archives: where a transcript begins to be read, from hit to hit, and where the filters open.
import { all, one } from "./dom.js";
import { place } from "./pop-over.js";

const narrow = matchMedia("(max-width: 720px)");

// What the address leads to, or the first hit, is in sight.
customElements.define("chat-transcript", class extends HTMLElement {
  connectedCallback() {
    requestAnimationFrame(() => {
      const aim = one("[data-aimed], [data-hit]", this);
      if (aim) this.scrollTop = aim.offsetTop - this.clientHeight / 3;
    });
  }
});

customElements.define("walk-hits", class extends HTMLElement {
  connectedCallback() {
    this.at = 0;
    const count = one("[data-words]", this);
    const show = () => (count.textContent = count.dataset.words.replace("{n}", this.at + 1).replace("{all}", this.turns.length));
    if (this.turns.length > 1) show();
    for (const button of all("[data-by]", this)) {
      button.addEventListener("click", () => {
        const { length } = this.turns;
        this.at = (this.at + Number(button.dataset.by) + length) % length;
        this.turns[this.at].scrollIntoView({ block: "center" });
        show();
      });
    }
  }
  get turns() {
    return all("#reader [data-hit]");
  }
});

// A filter opens under its chip; its first field gets the focus.
document.addEventListener("toggle", (event) => {
  const popover = event.target;
  if (!popover.matches?.(".archive-pop")) return;
  const opener = one(`[popovertarget="${popover.id}"]`);
  opener?.setAttribute("aria-expanded", String(event.newState === "open"));
  if (event.newState === "open") place(popover, opener);
}, true);

// On a narrow screen the chat takes the place of the list, and the focus goes along.
document.addEventListener("htmx:after:swap", (event) => {
  if (event.detail.ctx?.select === "#reader" && narrow.matches) one("#chat-title")?.focus();
});
