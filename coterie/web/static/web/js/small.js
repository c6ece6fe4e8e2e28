// Elements of a few lines, and what holds for every page.
import { one } from "./dom.js";

const STAYS = 10000;

// A menu sends its form when another of its choices is made.
customElements.define("send-on-change", class extends HTMLElement {
  connectedCallback() {
    this.addEventListener("change", () => this.closest("form").requestSubmit());
  }
});

// A message goes away after a while, but not while somebody points at it.
customElements.define("toast-note", class extends HTMLElement {
  connectedCallback() {
    one("button[type=button]", this).addEventListener("click", () => this.remove());
    this.timer = setInterval(() => this.matches(":hover, :focus-within") || this.remove(), STAYS);
  }
  disconnectedCallback() {
    clearInterval(this.timer);
  }
});

// A new page begins at its top; whoever goes by keyboard goes on from there.
document.addEventListener("htmx:after:swap", (event) => {
  if (event.detail.ctx?.select !== "#main") return;
  const main = one("#main");
  if (!document.activeElement || document.activeElement === document.body) main?.focus({ preventScroll: true });
});

// Enter is a new line in a longer text; with Ctrl, or Command, it sends the form.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.repeat || !event.target.matches?.("[data-send]")) return;
  event.preventDefault();
  event.target.form.requestSubmit();
});

// A request that a newer one took the place of is no error: it ends without a word in the console.
const quietly = (error) => {
  throw error?.name === "AbortError" ? undefined : error;
};
document.addEventListener("htmx:before:request", ({ detail: { ctx } }) => {
  ctx.fetch = async (...request) => {
    const answer = await fetch(...request).catch(quietly);
    const text = answer.text.bind(answer);
    answer.text = () => text().catch(quietly);
    return answer;
  };
});
