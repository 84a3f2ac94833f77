// One WebSocket that comes back by itself. Silence counts as loss: the server speaks at least once a second.

const SILENCE_MS = 4000;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 10_000;

export class Connection extends EventTarget {
  state = 'connecting';
  lostAtMs = null;
  /** When the next try is due, by performance.now(); null while one is under way. */
  retryAtMs = null;
  #url;
  #socket = null;
  #waitMs = FIRST_WAIT_MS;
  #watchdog = 0;
  #retry = 0;

  constructor(url) {
    super();
    this.#url = url;
  }

  open() {
    clearTimeout(this.#retry);
    this.retryAtMs = null;
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    this.#watch();
    socket.addEventListener('message', (event) => this.#heard(socket, event.data));
    socket.addEventListener('close', () => this.#lost(socket));
  }

  /** Try now rather than when it is due: the network came back, or somebody looks again. */
  hurry() {
    if (this.retryAtMs !== null) this.open();
  }

  #heard(socket, text) {
    if (socket !== this.#socket) return;
    if (this.lostAtMs !== null) this.dispatchEvent(new CustomEvent('back', {detail: performance.now() - this.lostAtMs}));
    this.#watch();
    this.#waitMs = FIRST_WAIT_MS;
    this.lostAtMs = null;
    this.#become('live');
    this.dispatchEvent(new CustomEvent('message', {detail: JSON.parse(text)}));
  }

  #lost(socket) {
    if (socket !== this.#socket) return;
    clearTimeout(this.#watchdog);
    this.#socket = null;
    this.lostAtMs ??= performance.now();
    this.#become('lost');
    const waitMs = this.#waitMs * (0.75 + Math.random() / 2);
    this.retryAtMs = performance.now() + waitMs;
    this.#retry = setTimeout(() => this.open(), waitMs);
    this.#waitMs = Math.min(this.#waitMs * 2, LONGEST_WAIT_MS);
  }

  #watch() {
    clearTimeout(this.#watchdog);
    const socket = this.#socket;
    this.#watchdog = setTimeout(() => {
      socket.close();
      this.#lost(socket);
    }, SILENCE_MS);
  }

  #become(state) {
    if (state === this.state) return;
    this.state = state;
    this.dispatchEvent(new Event('state'));
  }
}
