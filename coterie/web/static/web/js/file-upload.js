// A form that sends a file: dropped or chosen, with how much of it is there. And the form about its columns.
import { one } from "./dom.js";

// When the server answered what was chosen, the form says what the server says: a field that somebody touched keeps its
// own value otherwise. What is being typed stays.
document.addEventListener("htmx:after:swap", (event) => {
  const form = one(event.detail.ctx?.sourceElement?.dataset?.resets ?? "no-form");
  if (!form) return;
  const field = document.activeElement;
  const typed = form.contains(field) && field.matches("input:not([type=checkbox], [type=radio])") ? field.value : null;
  form.reset();
  if (typed !== null) field.value = typed;
});

customElements.define("file-upload", class extends HTMLElement {
  connectedCallback() {
    this.form = this.closest("form");
    this.input = one("input[type=file]", this);
    this.area = one(".drop-file", this);
    this.sending = one("[data-sending]", this);
    this.form.addEventListener("submit", (event) => this.send(event));
    this.input.addEventListener("change", () => this.fits());
    this.area.addEventListener("dragover", (event) => this.over(event, true));
    this.area.addEventListener("dragleave", (event) => this.over(event, false));
    this.area.addEventListener("drop", (event) => this.drop(event));
  }
  disconnectedCallback() {
    this.request?.abort();
  }

  over(event, is) {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    this.area.classList.toggle("over", is);
  }
  drop(event) {
    this.over(event, false);
    if (!event.dataTransfer.files.length) return;
    this.input.files = event.dataTransfer.files;
    if (this.fits()) this.form.requestSubmit();
  }

  say(words) {
    const place = one("[data-error]", this);
    one("span", place).textContent = words;
    place.hidden = !words;
  }
  fits() {
    const file = this.input.files[0];
    const fine = !file || file.size <= Number(this.dataset.limit);
    this.say(fine ? "" : this.dataset.tooLarge);
    return fine;
  }

  // By XMLHttpRequest, since nothing else tells how much was sent. The answer is a page, which is then gone to.
  send(event) {
    event.preventDefault();
    if (this.request || !this.fits()) return;
    const bar = one("progress", this.sending);
    const words = one("p", this.sending);
    const button = one("button[type=submit]", this);
    const request = (this.request = new XMLHttpRequest());
    const fields = new FormData(this.form);
    request.upload.addEventListener("progress", ({ loaded, total }) => {
      bar.value = (100 * loaded) / total;
      words.textContent = loaded < total ? `${Math.floor(bar.value)}% · ${this.input.files[0].name}` : this.dataset.reading;
    });
    request.addEventListener("load", () => this.answered(request));
    request.addEventListener("error", () => this.failed());
    this.sending.hidden = false;
    button.disabled = true;
    this.say("");
    request.open("POST", this.form.action);
    request.send(fields);
  }
  answered(request) {
    const page = new DOMParser().parseFromString(request.responseText, "text/html");
    const problem = one("#file-error span", page);
    if (!problem && request.status < 400) return location.assign(request.responseURL);
    this.failed(problem?.textContent);
  }
  failed(words = this.dataset.failed) {
    this.request = null;
    this.sending.hidden = true;
    one("button[type=submit]", this).disabled = false;
    this.say(words);
  }
});
