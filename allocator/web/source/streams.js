// Streams of server-sent events. Those of staff's pages are closed while nobody sees the page,
// and opened again when somebody does: without TLS a browser has six connections for all that
// it shows of a host. What a page has stands in the address of its stream, so that it misses
// nothing. That of a participant's page stays: the desktop is there when they look again.
import htmx from 'htmx.org';

const place = /([?&](?:of|after)=)[^&]*/;
const streams = new Map(); // by their addresses, without what the page has

// from is the address of a stream that goes on after an event.
export const from = (address, event) => address.replace(place, `$1${event}`);

const rests = (address) => document.hidden && !address.startsWith('/seat/');

htmx.createEventSource = (address) => {
  const of = from(address, '');
  streams.get(of)?.close(); // it has ended, or waited to be tried again
  const stream = new EventSource(address, { withCredentials: true });
  streams.set(of, stream);
  if (rests(of)) stream.close();
  return stream;
};

document.addEventListener('visibilitychange', () => {
  for (const [of, stream] of streams) if (rests(of)) stream.close();
  if (document.hidden) return;
  for (const element of document.querySelectorAll('[sse-connect]')) {
    const stream = streams.get(from(element.getAttribute('sse-connect'), ''));
    // The extension opens a stream for what is put into a page.
    if (stream?.readyState === EventSource.CLOSED) htmx.trigger(element, 'htmx:afterProcessNode');
  }
});
