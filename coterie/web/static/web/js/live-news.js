// Asks every few seconds what happened since the list was shown, and offers to show it. Rows never move by themselves.
const EVERY = 4000;

customElements.define("live-news", class extends HTMLElement {
  connectedCallback() {
    this.timer = setInterval(() => this.look(), EVERY);
  }
  disconnectedCallback() {
    clearInterval(this.timer);
  }
  async look() {
    if (document.visibilityState !== "visible" || this.busy) return;
    this.busy = true;
    try {
      const answer = await fetch(this.dataset.url, { redirect: "error" });
      if (answer.status === 200 && this.isConnected) this.show(await answer.text());
    } catch {
      // No connection, or logged out: the next look, or the next click, will tell.
    } finally {
      this.busy = false;
    }
  }
  show(text) {
    if (text === this.shown) return;
    this.shown = text;
    const offer = new DOMParser().parseFromString(text, "text/html").body.firstElementChild;
    this.replaceChildren(offer);
    window.htmx.process(this);
  }
});
