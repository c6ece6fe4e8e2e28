// Hears that something changed, asks what that means for the shown list, and offers to show it. Rows never move by
// themselves. A browser allows six connections to a host for all its tabs, so one in the background lets go of its own;
// when it is looked at again, it tells the server what it knows and hears at once whether there is more.
import { one } from "./dom.js";

// Milliseconds between two questions; and no more than a tenth of the time is spent on them.
const PACE = 2000;
const SHARE = 10;
// Failures in a row until the page says so, and how long to wait between tries when the browser itself has given up.
const TRIES = 3;
const FIRST_WAIT = 2000;
const LONGEST_WAIT = 30000;

customElements.define("live-news", class extends HTMLElement {
  connectedCallback() {
    // What the page shows, and what the server has told since.
    this.known = this.told = this.dataset.revision;
    this.notice ??= one("template", this).content.firstElementChild;
    // Failures since the server last answered; tries since it last streamed; when it may be asked again.
    this.failures = this.tries = this.free = 0;
    this.gone = new AbortController();
    const { signal } = this.gone;
    document.addEventListener("visibilitychange", () => (document.hidden ? this.close() : this.open()), { signal });
    window.addEventListener("online", () => this.open(), { signal });
    one("button", this.notice).addEventListener("click", () => this.open(), { signal });
    if (!document.hidden) this.open();
  }

  disconnectedCallback() {
    this.gone.abort();
    this.close();
    this.notice.remove();
  }

  open() {
    this.close();
    if (document.hidden) return;
    this.source = new EventSource(`${this.dataset.live}?since=${this.known}`);
    this.source.onopen = () => this.reached();
    this.source.onmessage = (event) => {
      this.told = event.data;
      this.soon();
    };
    this.source.onerror = () => this.failed();
  }

  close() {
    this.source?.close();
    clearTimeout(this.question);
    clearTimeout(this.retry);
    this.question = this.retry = undefined;
  }

  reached() {
    this.failures = this.tries = 0;
    this.notice.remove();
  }

  // Most interruptions last a moment and are nobody's concern: the server ends each stream after some minutes.
  failed() {
    this.failures += 1;
    if (this.failures >= TRIES && !this.notice.isConnected) one("#toasts")?.append(this.notice);
    if (this.source.readyState !== EventSource.CLOSED) return;
    this.retry = setTimeout(() => this.again(), Math.min(FIRST_WAIT * 2 ** this.tries, LONGEST_WAIT));
    this.tries += 1;
  }

  // The browser does not say why it gave up: no server, too many open pages, or nobody is logged in any more.
  async again() {
    const status = await this.look();
    if (!this.isConnected || document.hidden || status === "refused") return;
    if (status === "failed") {
      this.failed();
    } else {
      this.failures = 0;
      this.notice.remove();
      this.open();
    }
  }

  soon() {
    this.question ??= setTimeout(async () => {
      await this.look();
      this.question = undefined;
      if (this.told !== this.known && this.source.readyState !== EventSource.CLOSED) this.soon();
    }, Math.max(0, this.free - performance.now()));
  }

  async look() {
    const { told } = this;
    const began = performance.now();
    try {
      const answer = await fetch(this.dataset.news, { redirect: "manual", signal: this.gone.signal });
      if (answer.type === "opaqueredirect" || answer.status === 403) {
        // Led to the login, or not allowed any more: the next click will say so.
        this.close();
        return "refused";
      }
      if (!answer.ok) return "failed";
      const text = await answer.text();
      this.known = told;
      if (this.isConnected) this.show(text);
      return "answered";
    } catch {
      return "failed";
    } finally {
      this.free = performance.now() + Math.max(PACE, SHARE * (performance.now() - began));
    }
  }

  show(text) {
    const offer = new DOMParser().parseFromString(text, "text/html").body.firstElementChild;
    const shown = one("a", this);
    if (!offer) {
      this.replaceChildren();
    } else if (!shown) {
      this.replaceChildren(offer);
      window.htmx.process(this);
    } else if (shown.textContent !== offer.textContent) {
      // The link stays, and the focus with it. Who listens to the page was told once and is not told with every chat.
      this.setAttribute("aria-live", "off");
      shown.replaceChildren(...offer.childNodes);
    }
  }
});
