/* Coterie Chat Widget: a small chat for any web page.

     <script src="https://HOST/widget.js" data-channel="KEY" async></script>

   It adds a launcher at the bottom and talks to HOST only: no cookies, no other requests, nothing about the visitor sent
   before they write or the page says who they are, and no person created before they write. It needs no 'unsafe-inline'
   and no 'unsafe-eval'; a strict page allows HOST in script-src and connect-src (and picture hosts in img-src).
   Everything a bot or a visitor wrote reaches the page as text, and addresses only as http or https.

   The page speaks to it through window.Coterie (docs/widget.md); window.BE_API is the same under other names. As it is
   served without comments, indentation must mean nothing in the texts below.

   Sections: 1 settings · 2 helpers · 3 memory · 4 server · 5 parts of a message · 6 the element · 7 style · 8 for the page */
(() => {
  'use strict';

  /* 1 ── Settings ─────────────────────────────────────────────────────────────────────────────────────────────── */

  const script = document.currentScript || document.querySelector('script[data-channel][src*="/widget.js"]');
  const key = script?.dataset.channel;
  if (window.Coterie) return;
  if (!key) return console.warn('Coterie: the script tag needs data-channel="KEY".');

  const base = new URL(script.src).origin;
  const endpoint = `${base}/channels/widget/${encodeURIComponent(key)}`;
  const LIMIT = 2000;  // characters in one message, or in an address that goes with it
  const PAUSE = 10 * 60 * 1000;  // silence after which the next message starts a new session
  const PATIENCE = 60 * 1000;  // wait for an answer
  const LOOK = 1500;  // wait for the colours before the launcher shows without them

  const NAMES = ['chat', 'send', 'write', 'yours', 'log', 'shut', 'picture', 'show', 'quick', 'waiting', 'sending', 'failed',
    'again', 'lost', 'you', 'fresh', 'left', 'offline', 'typing', 'agree', 'privacy', 'refused'];
  const TEXTS = {
    en: 'Chat|Send|Write a message|Your message|Messages|Close chat|Picture|Open the picture|Quick replies|Waiting|Sending|Not sent. Try again|Try again|The chat could not be reached.|You|new|left|You are offline. What you write is sent when you are back.|is typing|Agree|Privacy|Not sent',
    de: 'Chat|Senden|Nachricht schreiben|Ihre Nachricht|Nachrichten|Chat schließen|Bild|Bild öffnen|Schnellantworten|Wartet|Wird gesendet|Nicht gesendet. Noch einmal|Noch einmal|Der Chat ist nicht erreichbar.|Sie|neu|übrig|Sie sind offline. Was Sie schreiben, wird später gesendet.|schreibt|Zustimmen|Datenschutz|Nicht gesendet',
    es: 'Chat|Enviar|Escribe un mensaje|Tu mensaje|Mensajes|Cerrar el chat|Imagen|Abrir la imagen|Respuestas rápidas|En espera|Enviando|No enviado. Reintentar|Reintentar|No se pudo acceder al chat.|Tú|nuevos|quedan|Estás sin conexión. Lo que escribas se enviará después.|está escribiendo|Aceptar|Privacidad|No enviado',
    fr: 'Chat|Envoyer|Écrivez un message|Votre message|Messages|Fermer le chat|Image|Ouvrir l’image|Réponses rapides|En attente|Envoi|Non envoyé. Réessayer|Réessayer|Le chat est injoignable.|Vous|nouveaux|restants|Vous êtes hors ligne. Vos messages partiront plus tard.|écrit|Accepter|Confidentialité|Non envoyé',
    pl: 'Czat|Wyślij|Napisz wiadomość|Twoja wiadomość|Wiadomości|Zamknij czat|Obraz|Otwórz obraz|Szybkie odpowiedzi|Czeka|Wysyłanie|Nie wysłano. Ponów|Ponów|Nie udało się połączyć z czatem.|Ty|nowe|pozostało|Brak połączenia. Wiadomości wyślemy później.|pisze|Zgadzam się|Prywatność|Nie wysłano',
  };
  const wanted = [script.dataset.lang, document.documentElement.lang, navigator.language];
  const lang = wanted.map((tag) => (tag || '').slice(0, 2).toLowerCase()).find((tag) => TEXTS[tag]) || 'en';
  const say = Object.fromEntries(TEXTS[lang].split('|').map((text, index) => [NAMES[index], text]));

  /* 2 ── Helpers ──────────────────────────────────────────────────────────────────────────────────────────────── */

  /** Make an element: attributes by name, `text` as text, `press` as click handler. */
  function make(tag, { text, press, ...attributes } = {}, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    if (text !== undefined) node.textContent = text;
    if (press) node.addEventListener('click', press);
    node.append(...children);
    return node;
  }

  /** Make a picture of circles [x, y, radius] and one optional line, for icons. */
  function draw(circles, line) {
    const svg = (tag, attributes) => {
      const node = document.createElementNS('http://www.w3.org/2000/svg', tag);
      for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
      return node;
    };
    const picture = svg('svg', { viewBox: '0 0 24 24', 'aria-hidden': 'true', focusable: 'false' });
    for (const [cx, cy, r] of circles) picture.append(svg('circle', { cx, cy, r }));
    if (line) picture.append(svg('path', { d: line }));
    return picture;
  }

  const mark = () => draw([[12, 4.6, 3.4], [19.04, 9.71, 3.4], [16.35, 17.99, 3.4], [7.65, 17.99, 3.4], [4.96, 9.71, 3.4]]);
  const asList = (value) => (Array.isArray(value) ? value : []);
  const asText = (value) => (value === null || value === undefined ? '' : String(value));

  /** The address if it is http or https, else ''. */
  function webAddress(value) {
    try {
      const url = new URL(asText(value), base);
      return url.protocol === 'https:' || url.protocol === 'http:' ? url.href : '';
    } catch {
      return '';
    }
  }

  /** A random UUID, also on pages without https, where crypto.randomUUID is missing. */
  function uuid() {
    if (crypto.randomUUID) return crypto.randomUUID();
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 15) | 64;
    bytes[8] = (bytes[8] & 63) | 128;
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  }

  /* 3 ── Memory: the visitor's token and session, shared by the tabs of one site ──────────────────────────────── */

  const memory = {
    fallback: {},
    read() {
      try {
        return { ...JSON.parse(localStorage.getItem(`coterie:${key}`)), ...this.fallback };
      } catch {
        return this.fallback;
      }
    },
    save(changes) {
      const all = { ...this.read(), ...changes };
      try {
        localStorage.setItem(`coterie:${key}`, JSON.stringify(all));
        this.fallback = {};
      } catch {
        this.fallback = all;
      }
    },
    /** The session of a message written now. */
    session() {
      const { session, at = 0 } = this.read();
      const current = session && Date.now() - at < PAUSE ? session : uuid();
      this.save({ session: current, at: Date.now() });
      return current;
    },
  };

  /* 4 ── Server ───────────────────────────────────────────────────────────────────────────────────────────────── */

  /** Fetch JSON. Errors carry `refused` when sending the same again cannot help, `code`, and `wait` in seconds. */
  async function ask(url, options) {
    const signal = AbortSignal.timeout?.(PATIENCE);
    const response = await fetch(url, { credentials: 'omit', signal, ...options });
    const data = await response.json().catch(() => null);
    if (response.ok && data) return data;
    const { status } = response;
    const refused = status >= 400 && status < 500 && ![408, 425, 429].includes(status);
    const said = data?.status || {};
    throw Object.assign(new Error(asText(said.message).slice(0, 200)), { refused, code: status, wait: said.retryAfter });
  }

  /** Plain text needs no CORS preflight; keepalive lets a message arrive although the visitor follows a link. */
  const post = (door, body) => ask(endpoint + door, { method: 'POST', cache: 'no-store', keepalive: true,
    headers: { 'Content-Type': 'text/plain;charset=UTF-8' }, body: JSON.stringify({ ...body, lang }) });

  const context = () => ({
    url: location.href.slice(0, LIMIT),
    referrer: document.referrer.slice(0, LIMIT),
    language: navigator.language,
    timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  });

  /* 5 ── Parts of a message ───────────────────────────────────────────────────────────────────────────────────── */

  const link = (href, attributes) => make('a', { href, target: '_blank', rel: 'noopener noreferrer', ...attributes });

  /** Text as nodes; web addresses in it become links that show where they lead. */
  function prose(text) {
    return text.split(/(https?:\/\/[^\s<>"]*[^\s<>"'.,;:!?)\]])/i).map((piece, index) => {
      const href = index % 2 ? webAddress(piece) : '';
      return href ? link(href, { text: piece, dir: 'ltr' }) : piece;
    });
  }

  function timeOf(at) {
    const date = new Date(at ?? NaN);
    if (Number.isNaN(date.getTime())) return '';
    const clock = { hour: 'numeric', minute: '2-digit' };
    const today = date.toDateString() === new Date().toDateString();
    const text = date.toLocaleString([], today ? clock : { day: 'numeric', month: 'short', ...clock });
    return make('time', { text, datetime: date.toISOString() });
  }

  /** A picture that links to its full size; it disappears when it cannot be shown. */
  function picture(src, alt, settled) {
    const image = make('img', { alt: alt || say.picture, referrerpolicy: 'no-referrer' });
    const frame = link(src, { class: 'picture' });
    image.addEventListener('load', settled);
    image.addEventListener('error', () => frame.replaceChildren(say.show));
    image.src = src;
    frame.append(image);
    return frame;
  }

  /** Quick replies. A button with a `url` is a link; any other sends its payload. */
  function choices(buttons, choose) {
    const row = make('div', { class: 'choices', role: 'group', 'aria-label': say.quick });
    for (const { title, payload, url } of buttons) {
      const text = asText(title || payload);
      const href = url && webAddress(url);
      if (href) row.append(link(href, { text, dir: 'auto' }));
      if (url || !text) continue;
      const value = asText(payload) || text;
      row.append(make('button', { type: 'button', text, value, dir: 'auto', press: () => choose(value, text) }));
    }
    return row;
  }

  /** Close the quick replies inside `place`, marking the one that was taken. */
  function closeChoices(place, taken) {
    const open = [...place.querySelectorAll('.choices button:enabled')];
    const chosen = open.findLast?.((button) => button.value === taken);
    for (const button of open) button.disabled = true;
    chosen?.setAttribute('aria-pressed', 'true');
    return chosen?.textContent;
  }

  /* 6 ── The element ──────────────────────────────────────────────────────────────────────────────────────────── */

  class CoterieChat extends HTMLElement {
    #queue = [];  // messages on their way, the first one is being sent
    #busy = false;
    #tries = 0;  // in a row that failed
    #timer = 0;
    #seen = new Set();  // ids in the log, so nothing shows twice
    #loading = null;
    #era = 0;  // rises when it is somebody else: what was asked for before is not shown any more
    #look = null;
    #title = say.chat;
    #greeting = '';
    #terms = '';
    #restarted = false;  // the page asked for a new session, so an older chat must not come back
    #fresh = 0;  // messages that came while it was closed
    #token = null;  // of a visitor whom the page's server vouched for: never kept in the browser
    #who = '';  // their user id
    #proof = null;  // what proved it
    #proving = null;
    #told = { user: {}, chat: {} };  // what the page said, and which of it the server does not know yet
    #untold = { user: false, chat: false };
    #informed = '';  // the session that knows #told.chat
    #hooks = {};

    constructor() {
      super();
      const root = this.attachShadow({ mode: 'open' });
      const style = new CSSStyleSheet();
      style.replaceSync(STYLE);
      this.colours = new CSSStyleSheet();
      root.adoptedStyleSheets = [this.colours, style];
      this.#dress({});
      this.#buildPanel();
      const speech = draw([[8, 11, 1.1], [12, 11, 1.1], [16, 11, 1.1]],
        'M12 3.5c5 0 9 3.2 9 7.5s-4 7.5-9 7.5c-.9 0-1.8-.1-2.6-.3L4.8 20.5l.9-4C4.1 15.1 3 13.2 3 11c0-4.3 4-7.5 9-7.5Z');
      this.launcher = make('button', { class: 'launcher', type: 'button', 'aria-label': say.chat, 'aria-expanded': 'false',
        'aria-controls': 'panel', press: () => (this.isOpen() ? this.close() : this.open()) }, speech, draw([], 'm6 9.5 6 6 6-6'));
      this.status = make('div', { class: 'quiet', role: 'status' });
      root.append(this.panel, this.launcher, this.status);
      this.#listen();
    }

    connectedCallback() {
      this.lang = lang;
      this.dir = 'ltr';
    }

    #buildPanel() {
      this.heading = make('h2', { text: this.#title, dir: 'auto' });
      this.typing = make('div', { class: 'typing', 'aria-hidden': 'true', hidden: '' }, make('i'), make('i'), make('i'));
      this.log = make('div', { class: 'log', role: 'log', 'aria-live': 'polite', 'aria-label': say.log, tabindex: '0' },
        this.typing);
      this.line = make('p', { class: 'line', role: 'status' });
      this.field = make('textarea', { id: 'text', rows: '1', maxlength: LIMIT, placeholder: say.write, dir: 'auto',
        enterkeyhint: 'send', autocomplete: 'off', 'aria-describedby': 'left' });
      this.left = make('span', { class: 'left', id: 'left' });
      this.go = make('button', { class: 'go', 'aria-label': say.send, disabled: '' }, draw([], 'M12 19.5v-15m-6.5 6.5L12 4.5l6.5 6.5'));
      this.form = make('form', {}, make('label', { for: 'text', class: 'quiet', text: say.yours }), this.field, this.left, this.go);
      this.agree = make('button', { class: 'agree', type: 'button', text: say.agree, press: () => this.#agreed() });
      this.terms = make('div', { class: 'terms', role: 'group', 'aria-labelledby': 'terms', hidden: '' },
        make('p', { id: 'terms', dir: 'auto' }), this.agree);
      const shut = make('button', { class: 'shut', type: 'button', 'aria-label': say.shut, press: () => this.close() },
        draw([], 'm6.5 6.5 11 11m0-11-11 11'));
      const header = make('header', {}, make('span', { class: 'mark' }, mark()), this.heading, shut);
      this.panel = make('section', { class: 'panel', id: 'panel', role: 'dialog', 'aria-label': this.#title, hidden: '' },
        header, this.log, this.line, this.terms, this.form);
    }

    #listen() {
      this.form.addEventListener('submit', (event) => {
        event.preventDefault();
        this.#submit();
      });
      this.field.addEventListener('input', () => this.#fit());
      this.shadowRoot.addEventListener('keydown', (event) => this.#key(event));
      // The page's own shortcuts must not hear what is typed here.
      for (const type of ['keyup', 'keypress']) this.shadowRoot.addEventListener(type, (event) => event.stopPropagation());
      // Over the whole screen, leaving by Tab would lead to something covered: close instead.
      this.panel.addEventListener('focusout', ({ relatedTarget: next }) => {
        if (next && !this.shadowRoot.contains(next) && this.#fillsScreen()) this.#toggle(false);
      });
      for (const type of ['online', 'offline']) window.addEventListener(type, () => this.#connection());
      for (const type of ['resize', 'scroll']) window.visualViewport?.addEventListener(type, () => this.#aboveKeyboard());
      this.#connection();
    }

    /** Called once the page is there: takes the colours, shows the launcher, sends what a page before could not. */
    async start() {
      document.body.append(this);
      const { look, queue } = memory.read();
      this.launcher.hidden = true;
      if (look?.language === lang) this.#dress(look);
      const asked = this.#looks().catch((error) => {
        if (error.code !== 404) return;
        this.hide();  // switched off, or a wrong key: nobody is asked to write where nobody reads
        console.warn('Coterie:', error.message);
      });
      if (look?.language !== lang) await Promise.race([asked, new Promise((resolve) => setTimeout(resolve, LOOK))]);
      this.launcher.hidden = false;
      for (const message of asList(queue)) this.#enqueue({ ...message, sender: 'user' });
      this.#pump();
      this.#emit('ready');
      window.dispatchEvent(new Event('coterie:ready'));
    }

    /** How the workspace wants it; asked for once, or again after that failed. */
    #looks() {
      this.#look ??= ask(`${endpoint}?lang=${lang}`).then((answer) => {
        const { language, title, greeting, consent, privacyUrl, side, mode, colours } = answer;
        const look = { language, title, greeting, consent, privacyUrl, side, mode, colours };
        memory.save({ look });
        this.#dress(look);
      }).catch((error) => {
        this.#look = null;
        throw error;
      });
      return this.#look;
    }

    #dress({ title, greeting, consent, privacyUrl, side = 'right', mode = 'auto', colours }) {
      const tone = (name, base) => {
        const { fill, on, press, ink } = colours?.[name] || { fill: '#85326f', on: '#fff', press: '#6b2559', ink: base[0] };
        return `:host { ${base[1]} --fill: var(--coterie-fill, ${fill}); --on: var(--coterie-on, ${on});
          --press: var(--coterie-press, ${press}); --accent: var(--coterie-accent, ${ink}) }`;
      };
      const [light, dark] = [tone('light', LIGHT), tone('dark', DARK)];
      const auto = `${light} @media (prefers-color-scheme: dark) { ${dark} }`;
      this.colours.replaceSync(`${{ light, dark }[mode] || auto}
        :host { color-scheme: ${mode === 'auto' ? 'light dark' : mode} !important }
        .launcher, .panel, .teaser { ${side === 'left' ? 'left' : 'right'}: calc(20px + env(safe-area-inset-${side === 'left' ? 'left' : 'right'})) }`);
      if (title === undefined) return;
      this.#title = this.heading.textContent = asText(title) || say.chat;
      this.panel.setAttribute('aria-label', this.#title);
      this.#greeting = asText(greeting);
      this.#terms = asText(consent);
      const privacy = privacyUrl && webAddress(privacyUrl);
      this.terms.firstChild.replaceChildren(this.#terms, ...(privacy ? [' ', link(privacy, { text: say.privacy })] : []));
      this.#gate();
    }

    /* Agreeing to the terms of the chat, where there are any */

    #mayWrite() {
      return !this.#terms || memory.read().agreed === this.#terms;
    }

    #gate() {
      this.form.hidden = !this.#mayWrite();
      this.terms.hidden = this.#mayWrite();
    }

    #agreed() {
      memory.save({ agreed: this.#terms });
      this.#gate();
      this.field.focus();
    }

    /* Opening and closing */

    isOpen() {
      return !this.panel.hidden && !this.hidden;
    }

    open() {
      this.hidden = false;
      this.#teaser();
      this.#toggle(true);
      this.#load();
      this.#toEnd();
      (this.#mayWrite() ? this.field : this.agree).focus();
    }

    close() {
      if (!this.isOpen()) return;
      this.#toggle(false);
      this.launcher.focus();
    }

    /** Away with the launcher, too, until the page opens the chat or shows it again. */
    hide(yes = true) {
      this.#toggle(false);
      this.hidden = yes;
    }

    #toggle(open) {
      const changes = open === this.panel.hidden;
      this.panel.hidden = !open;
      this.launcher.setAttribute('aria-expanded', open);
      if (open) this.#unread(0);
      this.#aboveKeyboard();
      if (changes) this.#emit(open ? 'open' : 'close');
    }

    #unread(count) {
      if (count === this.#fresh) return;
      this.#fresh = count;
      if (count) this.launcher.dataset.unread = count > 9 ? '9+' : count;
      else delete this.launcher.dataset.unread;
      this.launcher.setAttribute('aria-label', count ? `${say.chat}, ${count} ${say.fresh}` : say.chat);
      this.#emit('unread', count);
    }

    /** A few words beside the launcher, which open the chat; without words, none. */
    #teaser(text) {
      this.shadowRoot.querySelector('.teaser')?.remove();
      if (text) this.launcher.before(make('button', { class: 'teaser', type: 'button', dir: 'auto', text, press: () => this.open() }));
    }

    showGreeting(text) {
      if (!this.isOpen()) this.#teaser(asText(text || this.#greeting).slice(0, 256));
    }

    hideGreeting() {
      this.#teaser();
    }

    #fillsScreen() {
      return matchMedia('(max-width: 480px)').matches;
    }

    /** Phones: keep the input above the keyboard where the page itself does not shrink. */
    #aboveKeyboard() {
      const { height, offsetTop, scale } = window.visualViewport || {};
      const fit = this.isOpen() && this.#fillsScreen() && scale === 1;
      this.panel.style.height = fit ? `${height}px` : '';
      this.panel.style.top = fit ? `${offsetTop}px` : '';
    }

    #connection() {
      this.line.textContent = navigator.onLine ? '' : say.offline;
      if (navigator.onLine) this.#pump();
    }

    /* Writing */

    #key(event) {
      event.stopPropagation();
      if (event.isComposing || event.keyCode === 229) return;
      if (event.key === 'Escape') this.close();
      if (event.key === 'Enter' && !event.shiftKey && event.target === this.field) {
        event.preventDefault();
        this.#submit();
      }
    }

    /** Grow the field with its text; tell how much room is left when it gets short. */
    #fit() {
      const { field } = this;
      const room = LIMIT - field.value.length;
      const follow = this.#atEnd();
      field.style.height = 'auto';
      field.style.height = `${field.scrollHeight + 2}px`;
      if (follow) this.#toEnd();
      this.left.textContent = room <= 100 ? `${room} ${say.left}` : '';
      this.go.disabled = !field.value.trim();
    }

    #submit() {
      const text = this.field.value.trim();
      if (!text) return;
      this.field.value = '';
      this.#fit();
      this.#write(text);
      this.field.focus();
    }

    #choose(value, title) {
      this.#write(value.slice(0, LIMIT), title);
      this.#refocus();
    }

    /** Where focus goes when its button is gone; on touch, without calling up the keyboard. */
    #refocus() {
      (matchMedia('(pointer: coarse)').matches ? this.log : this.field).focus();
    }

    /** Says something for the visitor; false when they have not agreed to the terms yet, or there is nothing to say. */
    say(text, payload) {
      const words = asText(text).trim().slice(0, LIMIT);
      if (!words || !this.#mayWrite()) return false;
      this.#write(asText(payload).slice(0, LIMIT) || words, words);
      return true;
    }

    #write(text, title = text) {
      closeChoices(this.log, text);
      this.#enqueue({ id: uuid(), session: memory.session(), sender: 'user', text, title });
      this.#emit('message', { sender: 'user', text: title });
      this.#pump();
    }

    #enqueue(message) {
      message.turn = this.#show(message);
      if (!message.turn) return;
      this.#queue.push(message);
      this.#state(message, 'waiting', say.waiting);
      this.#keep();
      this.#toEnd();
    }

    /** What is not sent yet outlives the page; not for somebody with a name, who may share the computer. */
    #keep() {
      const waiting = this.#proof ? [] : this.#queue;
      memory.save({ queue: waiting.map(({ id, session, text, title }) => ({ id, session, text, title })) });
    }

    /* Sending: one at a time and in order. A message that could not be sent holds back those after it. */

    async #pump() {
      if (this.#busy || !this.#queue.length) return;
      this.#busy = true;
      clearTimeout(this.#timer);
      while (this.#queue.length) {
        const message = this.#queue[0];
        const done = await this.#deliver(message);
        if (message.dropped) continue;
        if (!done) break;
        this.#queue.shift();
        this.#keep();
      }
      this.#busy = false;
    }

    /** Send one message and show the answer. True when the next one may go. */
    async #deliver(message) {
      this.#state(message, 'sending', say.sending);
      this.#wait(true);
      await Promise.allSettled([this.#proving]);
      await this.#load();
      try {
        const answer = await this.#send(message);
        if (message.dropped) return true;
        this.#tries = 0;
        memory.save({ at: Date.now() });
        this.#state(message, 'sent', timeOf(Date.now()));
        this.#wait(false);
        const replies = asList(answer.messages);
        if (replies.length) closeChoices(this.log);
        for (const reply of replies) this.#show(reply);
        return true;
      } catch (error) {
        if (!message.dropped) this.#failed(message, error);
        return Boolean(error.refused);
      } finally {
        this.#wait(false);
      }
    }

    async #send(message, again = true) {
      const { id, text, session } = message;
      if (this.#informed !== session) this.#untold.chat = true;
      const told = this.#sayings();
      try {
        const answer = await post('', { visitor: this.#visitor(), session, id, text, ...told, context: context(), consent: this.#mayWrite() });
        if (answer.visitor && !this.#token) memory.save({ visitor: answer.visitor });
        // Whoever this browser was is erased for good: whoever writes next is somebody new.
        if (answer.forget) memory.save({ visitor: null, session: null });
        this.#informed = session;
        this.#complain(answer);
        return answer;
      } catch (error) {
        this.#untold = { user: true, chat: true };
        if (error.code !== 401 || !again || !this.#proof) throw error;
        await this.#prove();
        return this.#send(message, false);
      }
    }

    #failed(message, error) {
      const again = make('button', { type: 'button', class: 'again', text: say.failed, press: () => {
        if (!this.#queue.includes(message)) this.#queue.push(message);
        this.#pump();
        this.#refocus();
      } });
      if (!navigator.onLine) this.#state(message, 'waiting', say.waiting);
      else this.#state(message, 'failed', again, error.refused ? error.message : '');
      if (error.refused) this.#emit('error', error.message);
      else this.#timer = setTimeout(() => this.#pump(), 1000 * (error.wait || Math.min(60, 2 ** ++this.#tries)));
      this.#toEnd();
    }

    #state(message, state, ...note) {
      message.turn.dataset.state = state;
      message.turn.querySelector('.note').replaceChildren(...note.filter(Boolean));
    }

    #wait(yes) {
      const follow = this.#atEnd();
      this.typing.hidden = !yes;
      const words = `${this.#title} ${say.typing}`;
      if (yes || this.status.textContent === words) this.status.textContent = yes ? words : '';
      if (follow) this.#toEnd();
    }

    /* Reading */

    /** Once per page, or again after it failed. */
    #load() {
      this.#loading ??= this.#fill().catch(() => {
        this.#loading = null;
        this.#notLoaded();
      });
      return this.#loading;
    }

    /** The greeting, or the chat that is still running, above what was written meanwhile. */
    async #fill() {
      const era = this.#era;
      this.log.setAttribute('aria-busy', 'true');
      this.log.querySelector('.offline')?.remove();
      try {
        await Promise.all([this.#looks(), Promise.allSettled([this.#proving])]);
        const visitor = this.#restarted ? null : this.#visitor();
        const { messages, session } = visitor ? await post('/open', { visitor }) : {};
        if (era !== this.#era) return;
        if (session && !this.#restarted) memory.save({ session, at: Date.now() });
        this.#history(this.#restarted ? [] : asList(messages));
      } finally {
        this.log.removeAttribute('aria-busy');
      }
    }

    #history(messages) {
      const past = make('div');
      for (const message of messages) {
        const title = message.sender === 'user' ? closeChoices(past, message.text) : '';
        this.#show({ ...message, title }, past);
      }
      if (!messages.length) this.#greet(past);
      if (this.log.querySelector('.user')) closeChoices(past);
      this.log.prepend(...past.childNodes);
      this.#toEnd();
    }

    #greet(place) {
      if (this.#greeting) this.#show({ id: 'greeting', sender: 'bot', text: this.#greeting }, place);
    }

    #notLoaded() {
      if (this.log.querySelector('.user')) return;  // the message that cannot be sent says so
      const again = make('button', { type: 'button', class: 'again', text: say.again, press: () => {
        this.#load();
        this.#refocus();
      } });
      this.typing.before(make('div', { class: 'offline' }, make('p', { text: say.lost }), again));
    }

    /** Show one message at the end of the log, or of `place`. */
    #show(message, place) {
      const { id, text, image, buttons, at } = message;
      if (id && this.#seen.has(id)) return null;
      if (id) this.#seen.add(id);
      const mine = message.sender === 'user';
      const words = asText(message.title || text);
      const src = image && webAddress(image);
      const turn = make('div', { class: `turn ${mine ? 'user' : 'bot'}` });
      turn.append(make('span', { class: 'quiet', text: `${mine ? say.you : this.#title}: ` }));
      if (words) turn.append(make('p', { class: 'bubble', dir: 'auto' }, ...(mine ? [words] : prose(words))));
      if (src) turn.append(picture(src, '', () => this.#toEnd()));
      turn.append(make('div', { class: 'note' }, timeOf(at)));
      if (asList(buttons).length) turn.append(choices(asList(buttons), (value, title) => this.#choose(value, title)));
      this.#place(turn, place, mine);
      if (!place && !mine && id !== 'greeting') this.#heard(words, message);
      return turn;
    }

    #place(turn, place, mine) {
      if (place) return place.append(turn);
      const follow = mine || this.#atEnd();
      this.typing.before(turn);
      if (follow) this.#toEnd();
    }

    #heard(words, { text, image, buttons }) {
      if (!this.isOpen()) {
        this.#unread(this.#fresh + 1);
        this.status.textContent = `${this.#title}: ${words}`;
      }
      this.#emit('message', { sender: 'bot', text, image, buttons });
    }

    #atEnd() {
      const { scrollHeight, scrollTop, clientHeight } = this.log;
      return scrollHeight - scrollTop - clientHeight < 80;
    }

    #toEnd() {
      this.log.scrollTop = this.log.scrollHeight;
    }

    /* Who it is */

    #visitor() {
      return this.#token || memory.read().visitor || null;
    }

    /** The visitor is who the page's server says, by { userId, hash } or { token }; null: nobody in particular any more. */
    async identify(proof) {
      const before = this.#who;
      this.#proof = proof || null;
      if (!proof) return this.#forget();
      this.#keep();
      this.#proving = this.#prove();
      try {
        await this.#proving;
      } catch (error) {
        this.#proof = null;
        if (before) this.#forget();
        this.#emit('error', error.message);
        throw error;
      } finally {
        this.#proving = null;
      }
      if (before && before !== this.#who) this.#clear();
      this.#anew();
      this.#flush();
      this.#emit('identify', this.#who);
    }

    async #prove() {
      const { visitor: before } = memory.read();
      const { visitor, userId } = await post('/identify', { ...this.#proof, visitor: before });
      this.#token = visitor;
      this.#who = userId;
      // Whatever they did before they had a name is theirs now; a session of somebody else is not.
      memory.save(before ? { visitor: null } : { visitor: null, session: null });
    }

    /** Nothing of whoever it was stays. */
    #forget() {
      this.#token = this.#proof = null;
      this.#who = '';
      this.#told = { user: {}, chat: {} };
      memory.save({ visitor: null });
      this.#clear();
      this.#anew();
    }

    /** Shows the chat of whoever it is now, and below it what is still on its way. */
    #anew() {
      this.#era += 1;
      this.#restarted = false;
      this.#loading = null;
      this.#seen = new Set(this.#queue.map(({ id }) => id));
      this.log.replaceChildren(...this.#queue.map(({ turn }) => turn), this.typing);
      if (this.isOpen()) this.#load();
    }

    /* What the page tells */

    tell(about, values) {
      const { user, chat } = this.#told;
      this.#told = about === 'user' ? { user: { ...user, ...values }, chat } : { user, chat: { ...values } };
      this.#untold[about] = true;
      queueMicrotask(() => this.#flush());
    }

    told() {
      return { ...this.#told.user };
    }

    /** What the server does not know yet; from now on it counts as told. */
    #sayings() {
      const { user, chat } = this.#untold;
      this.#untold = { user: false, chat: false };
      return { ...(user && { user: this.#told.user }), ...(chat && { chat: this.#told.chat }) };
    }

    /** At once about somebody who has written before; else it waits for their first words. */
    async #flush() {
      const { user, chat } = this.#untold;
      const visitor = this.#visitor();
      if (!(user || chat) || !visitor || this.#proving) return;
      const { session } = memory.read();
      try {
        this.#complain(await post('/attributes', { visitor, session, ...this.#sayings() }));
      } catch {
        this.#untold = { user, chat };
      }
    }

    #complain({ ignored }) {
      if (asList(ignored).length) console.warn(`Coterie: ${ignored.join(' ')}`);
    }

    /* Beginning anew */

    /** The next message starts another session; the visitor stays the same person. */
    resetSession() {
      this.#restarted = true;
      this.#clear();
      this.#greet();
    }

    #clear() {
      this.#era += 1;
      for (const message of this.#queue) message.dropped = true;
      this.#queue = [];
      this.#seen.clear();
      this.log.replaceChildren(this.typing);
      this.#wait(false);
      this.#unread(0);
      memory.save({ session: null, queue: [] });
      this.#emit('reset');
    }

    /* Telling the page */

    on(event, call) {
      (this.#hooks[event] ??= new Set()).add(call);
    }

    off(event, call) {
      this.#hooks[event]?.delete(call);
    }

    #emit(event, detail) {
      for (const call of this.#hooks[event] || []) {
        try {
          call(detail);
        } catch (error) {
          console.error(error);  // the page's mistake must not stop a chat
        }
      }
    }
  }

  /* 7 ── Style ────────────────────────────────────────────────────────────────────────────────────────────────── */

  // What a page may set for its own look, on the element coterie-chat: --coterie-fill, -on, -press, -accent (words and frames),
  // -surface, -bubble, -text, -radius, -font.
  const LIGHT = ['#85326f', `--surface: var(--coterie-surface, #fff); --bubble: var(--coterie-bubble, #f3eef1); --line: #e4dce1; --edge: #92868d;
    --ink: var(--coterie-text, #251b22); --ink-2: #70646b; --honey: #e0a020; --on-honey: #251b22; --bad: #b3291f;
    --shadow: 0 2px 6px rgb(60 25 50 / .1), 0 24px 56px -16px rgb(60 25 50 / .38);`];
  const DARK = ['#e7a9d6', `--surface: var(--coterie-surface, #1c181b); --bubble: var(--coterie-bubble, #2e272c); --line: #3a3238; --edge: #7c7078;
    --ink: var(--coterie-text, #f4eef1); --ink-2: #b0a4ab; --honey: #f0b746; --on-honey: #251b22; --bad: #f58d82;
    --shadow: 0 0 0 1px #3a3238, 0 24px 56px -12px rgb(0 0 0 / .8);`];
  const STYLE = `
    :host { all: initial !important }
    :host([hidden]) { display: none !important }
    *, ::before, ::after { box-sizing: border-box }
    [hidden] { display: none !important }
    .quiet { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap }
    svg { display: block; width: 24px; height: 24px; fill: none; stroke: currentColor; stroke-width: 1.75; stroke-linecap: round;
      stroke-linejoin: round }
    circle { fill: currentColor; stroke: none }
    button, textarea { margin: 0; border: 0; background: none; color: inherit; font: inherit }
    button { cursor: pointer; -webkit-tap-highlight-color: transparent }
    button:disabled { cursor: default }
    :focus-visible { outline: 2px solid var(--accent); outline-offset: 2px }

    .launcher, .panel, .teaser { position: fixed; z-index: 2147483000; font: 400 15px/1.45 var(--coterie-font, -apple-system), BlinkMacSystemFont, "Segoe UI",
      Roboto, "Noto Sans", "Liberation Sans", "Helvetica Neue", Arial, sans-serif; color: var(--ink); text-align: start;
      -webkit-font-smoothing: antialiased }
    .launcher { bottom: calc(20px + env(safe-area-inset-bottom)); width: 56px; height: 56px;
      display: grid; place-items: center; border-radius: 50%; background: var(--fill); color: var(--on);
      box-shadow: 0 0 0 1px rgb(255 255 255 / .18), 0 8px 24px -6px rgb(60 25 50 / .6) }
    .launcher:hover { background: var(--press) }
    .launcher:focus-visible { outline-offset: 3px; box-shadow: 0 0 0 3px var(--surface) }
    .launcher svg { width: 28px; height: 28px }
    .launcher[aria-expanded="false"] svg:last-child, .launcher[aria-expanded="true"] svg:first-child { display: none }
    .launcher[data-unread]::after { content: attr(data-unread); position: absolute; top: -4px; right: -4px; min-width: 22px; padding: 0 5px; border-radius: 11px;
      background: var(--honey); color: var(--on-honey); border: 2px solid var(--surface); font-size: 12px; line-height: 18px; font-weight: 700 }
    .teaser { bottom: calc(88px + env(safe-area-inset-bottom)); max-width: min(300px, calc(100vw - 40px)); padding: 10px 16px; border-radius: 18px 18px 5px 18px;
      background: var(--surface); box-shadow: var(--shadow); overflow-wrap: anywhere }

    .panel { bottom: calc(88px + env(safe-area-inset-bottom)); width: 384px;
      height: min(620px, calc(100vh - 108px)); height: min(620px, calc(100dvh - 108px)); display: flex; flex-direction: column;
      overflow: hidden; border-radius: var(--coterie-radius, 18px); background: var(--surface); box-shadow: var(--shadow) }
    header { flex: none; display: flex; align-items: center; gap: 12px; min-height: 64px; padding: 10px 12px 10px 16px; color: var(--on);
      background: radial-gradient(circle at 84% 108%, rgb(255 255 255 / .09) 46px, transparent 47px),
        radial-gradient(circle at 97% -6%, rgb(255 255 255 / .07) 58px, transparent 59px), var(--fill) }
    header :focus-visible { outline-color: var(--on); outline-offset: -2px }
    .mark { flex: none; display: grid; place-items: center; width: 36px; height: 36px; border-radius: 50%; background: #fff; color: var(--fill) }
    .mark svg { width: 22px; height: 22px }
    .mark circle:nth-child(1) { fill: #e0a020 }
    .mark circle:nth-child(2), .mark circle:nth-child(5) { opacity: .8 }
    h2 { flex: 1; min-width: 0; margin: 0; font-size: 17px; line-height: 1.3; font-weight: 650; letter-spacing: -.01em; overflow: hidden;
      text-overflow: ellipsis; white-space: nowrap }
    .shut { flex: none; display: grid; place-items: center; width: 40px; height: 40px; border-radius: 50% }
    .shut:hover { background: rgb(0 0 0 / .18) }

    .log { flex: 1; min-height: 0; overflow: hidden auto; overscroll-behavior: contain; padding: 18px 16px 10px; scrollbar-width: thin;
      position: relative }
    .log:focus-visible { outline-offset: -3px }
    .turn { display: flex; flex-direction: column; align-items: flex-start; max-width: 86%; margin-bottom: 12px }
    .turn.user { align-items: flex-end; margin-inline-start: auto }
    .bot:has(+ .bot):not(:has(.choices)), .user:has(+ .user) { margin-bottom: 4px }
    .bot:has(+ .bot) .note, .user[data-state="sent"]:has(+ .user[data-state="sent"]) .note { display: none }
    .bubble { max-width: 100%; margin: 0; padding: 9px 14px; border-radius: 18px 18px 18px 5px; background: var(--bubble);
      white-space: pre-wrap; overflow-wrap: anywhere }
    .user .bubble { border-radius: 18px 18px 5px 18px; background: var(--fill); color: var(--on) }
    .user[data-state="waiting"] .bubble, .user[data-state="sending"] .bubble { background: var(--press) }
    .user[data-state="failed"] .bubble { background: none; color: var(--ink); box-shadow: inset 0 0 0 1.5px var(--bad) }
    .bubble a { color: var(--accent); text-underline-offset: .2em }
    .picture { display: block; max-width: 100%; margin-top: 4px; border-radius: 14px; overflow: hidden; color: var(--accent) }
    .picture img { display: block; max-width: 100%; max-height: 260px; object-fit: cover; background: var(--bubble) }
    .note { display: flex; flex-wrap: wrap; align-items: center; gap: 0 8px; padding: 3px 4px 0; font-size: 12px; color: var(--ink-2) }
    .note:empty { display: none }
    .user .note { justify-content: flex-end; text-align: end }
    .again { min-height: 28px; padding: 0 2px; border-radius: 6px; color: var(--bad); font-weight: 600; text-decoration: underline;
      text-underline-offset: .2em }
    .offline { padding: 12px; text-align: center; color: var(--ink-2) }
    .offline p { margin: 0 }
    .choices { display: flex; flex-wrap: wrap; gap: 8px; padding-top: 8px }
    .choices > * { min-height: 34px; max-width: 100%; padding: 5px 14px; border: 1.5px solid var(--accent); border-radius: 18px;
      display: inline-flex; align-items: center; background: var(--surface); color: var(--accent); font: inherit; font-size: 14px; font-weight: 500; text-decoration: none; text-align: start;
      overflow-wrap: anywhere }
    .choices > :not(:disabled):hover { background: color-mix(in srgb, var(--accent) 12%, var(--surface)) }
    .choices :disabled { border-color: var(--line); color: var(--ink-2); font-weight: 400 }
    .choices [aria-pressed="true"] { border-color: var(--accent); background: color-mix(in srgb, var(--accent) 12%, var(--surface)); color: var(--accent); font-weight: 500 }
    .typing { display: inline-flex; gap: 5px; margin-bottom: 12px; padding: 14px 16px; border-radius: 18px 18px 18px 5px;
      background: var(--bubble) }
    .typing i { width: 7px; height: 7px; border-radius: 50%; background: var(--ink-2) }

    .line { flex: none; margin: 0; padding: 6px 16px; background: var(--bubble); font-size: 13px }
    .line:empty { display: none }
    .terms { flex: none; padding: 12px 16px calc(14px + env(safe-area-inset-bottom)); border-top: 1px solid var(--line); font-size: 13px; max-height: 50%;
      overflow-y: auto }
    .terms p { margin: 0 0 10px; white-space: pre-wrap; overflow-wrap: anywhere }
    .terms a { color: var(--accent) }
    .agree { width: 100%; min-height: 42px; border-radius: 21px; background: var(--fill); color: var(--on); font-weight: 600 }
    .agree:hover { background: var(--press) }
    form { flex: none; display: flex; align-items: flex-end; gap: 8px; position: relative; margin: 0;
      padding: 10px 12px calc(12px + env(safe-area-inset-bottom)); border-top: 1px solid var(--line) }
    textarea { flex: 1; min-width: 0; min-height: 42px; max-height: 132px; padding: 9px 14px; border: 1px solid var(--edge);
      border-radius: 21px; background: var(--surface); color: var(--ink); line-height: 22px; resize: none; overflow-y: auto;
      scrollbar-width: thin }
    textarea::placeholder { color: var(--ink-2); opacity: 1 }
    textarea:focus-visible { border-color: var(--accent); outline: 2px solid transparent; box-shadow: inset 0 0 0 1px var(--accent) }
    .left { position: absolute; inset: auto 64px 100% auto; padding: 2px 8px; border-radius: 8px 8px 0 0; background: var(--surface);
      color: var(--ink-2); font-size: 12px; font-variant-numeric: tabular-nums }
    .left:empty { display: none }
    .go { flex: none; display: grid; place-items: center; width: 42px; height: 42px; border-radius: 50%; background: var(--fill); color: var(--on) }
    .go:hover { background: var(--press) }
    .go:disabled { background: var(--bubble); color: var(--ink-2) }

    @media (max-width: 480px) {
      .panel { inset: 0; width: 100%; height: 100vh; height: 100dvh; border-radius: 0 }
      header { padding-top: calc(10px + env(safe-area-inset-top)) }
      .panel:not([hidden]) + .launcher { display: none }
      textarea { font-size: 16px }
      .choices > *, .again { min-height: 40px }
      .choices > * { border-radius: 20px; padding-block: 8px }
    }
    @media (prefers-reduced-motion: no-preference) {
      .panel { animation: rise .18s ease-out }
      .turn { animation: rise .16s ease-out }
      .launcher, .go { transition: background .12s ease-out }
      .typing i { animation: breathe 1.2s infinite ease-in-out }
      .typing i:nth-child(2) { animation-delay: .16s }
      .typing i:nth-child(3) { animation-delay: .32s }
      @keyframes rise { from { opacity: 0; transform: translateY(8px) } }
      @keyframes breathe { 0%, 60%, 100% { transform: none; opacity: .5 } 30% { transform: translateY(-3px); opacity: 1 } }
    }
    @media (forced-colors: active) {
      .panel, .bubble, .typing, .launcher, .go { border: 1px solid }
      .typing i { background: CanvasText }
    }
    @media print { :host { display: none !important } }
  `;

  /* 8 ── For the page ─────────────────────────────────────────────────────────────────────────────────────────── */

  customElements.define('coterie-chat', CoterieChat);
  const chat = new CoterieChat();
  const isObject = (value) => value !== null && typeof value === 'object' && !Array.isArray(value);
  const tell = (about) => (values) => {
    if (!isObject(values)) throw new TypeError('Coterie: expected an object of names and values.');
    chat.tell(about, values);
  };
  let started = false;
  function create() {
    if (document.body) {
      if (started) document.body.append(chat);
      else chat.start();
      started = true;
    } else document.addEventListener('DOMContentLoaded', create, { once: true });
  }

  const page = {
    open: () => chat.open(),
    close: () => chat.close(),
    isOpen: () => chat.isOpen(),
    show: () => chat.hide(false),
    hide: () => chat.hide(),
    sendMessage: (text) => chat.say(text),
    setUserAttributes: tell('user'),
    setSessionAttributes: tell('chat'),
    identify: (proof) => chat.identify(proof),
    resetSession: () => chat.resetSession(),
    on: (event, call) => chat.on(event, call),
    off: (event, call) => chat.off(event, call),
  };
  window.Coterie = Object.freeze(page);

  /* The names of ChatBot's widget. A page may have put its hooks there before. */
  let moment = null;
  const hooks = window.BE_API || {};
  const call = (name) => (detail) => window.BE_API[name]?.(detail);
  window.BE_API = Object.assign(hooks, {
    create,
    destroy: () => {
      chat.remove();
      call('onDestroy')();
    },
    isInitialized: () => chat.isConnected,
    openChatWindow: page.open,
    openChat: page.open,
    closeChatWindow: page.close,
    closeChat: page.close,
    hideChatWindow: () => {
      page.hide();
      call('onChatWindowHide')();
    },
    isChatWindowOpened: page.isOpen,
    isChatWindowClosed: () => !page.isOpen(),
    isChatWindowHidden: () => chat.hidden,
    resetSession: page.resetSession,
    endChat: () => {
      page.resetSession();
      page.close();
      call('onConversationEnd')();
    },
    sendMessage: ({ message, postback } = {}) => chat.say(message, postback),
    sendTrigger: (name) => chat.say(`/${name}`),
    setUserAttributes: page.setUserAttributes,
    setUserParameters: page.setUserAttributes,
    setSessionAttributes: page.setSessionAttributes,
    setCustomParameters: page.setSessionAttributes,
    getUserData: () => chat.told(),
    showGreeting: (text) => chat.showGreeting(text),
    hideGreeting: () => chat.hideGreeting(),
    openMoment: ({ url } = {}) => {
      const address = webAddress(url);
      moment = address && window.open(address, '_blank');
      if (moment) moment.opener = null;
      call('onMomentOpen')();
    },
    closeMoment: () => {
      moment?.close();
      call('onMomentClose')();
    },
  });
  let talking = false;
  chat.on('message', () => {
    if (!talking) call('onConversationStart')();
    talking = true;
  });
  chat.on('reset', () => { talking = false; });
  for (const [event, name] of [['ready', 'onLoad'], ['open', 'onChatWindowOpen'], ['close', 'onChatWindowClose'],
    ['reset', 'onSessionReset'], ['message', 'onMessage']]) chat.on(event, call(name));
  if (hooks.onBeforeLoad?.() !== false) create();
})();
