// Streams of events, each open while its page is seen: without TLS a browser has six
// connections for all pages of a site, and pages that nobody sees would leave none. Who asks
// again says what the page has (the address's "of" or "after"), so nothing is missed.
const streams = new Set();

// Stream is what htmx takes for an EventSource.
export class Stream {
  listeners = [];

  constructor(address) {
    this.address = address;
    this.addEventListener('message', ({ lastEventId }) => {
      if (lastEventId) this.address = this.address.replace(/([?&](?:of|after)=)[^&]*/, `$1${lastEventId}`);
    });
    streams.add(this);
    this.rest(document.hidden);
  }

  get readyState() { return this.source?.readyState ?? EventSource.CONNECTING; }

  addEventListener(type, listener) {
    this.listeners.push({ type, listener });
    this.source?.addEventListener(type, listener);
  }

  removeEventListener(type, listener) {
    this.listeners = this.listeners.filter((one) => one.type !== type || one.listener !== listener);
    this.source?.removeEventListener(type, listener);
  }

  // rest closes it for now, or opens it again.
  rest(unseen) {
    if (unseen) {
      this.source?.close();
      this.source = null;
      return;
    }
    if (this.source) return;
    const source = new EventSource(this.address, { withCredentials: true });
    for (const { type, listener } of this.listeners) source.addEventListener(type, listener);
    source.onopen = (event) => this.onopen?.(event);
    source.onerror = (event) => {
      if (source.readyState === EventSource.CLOSED) streams.delete(this); // htmx begins another one
      this.onerror?.(event);
    };
    this.source = source;
  }

  close() {
    streams.delete(this);
    this.source?.close();
  }
}

document.addEventListener('visibilitychange', () => {
  for (const stream of streams) stream.rest(document.hidden);
});
