// What moves on the pages: htmx with server-sent events, and the ways in which parts that
// have changed are put in place (package live).
import htmx from 'htmx.org';
import 'htmx-ext-sse';
import { Idiomorph } from 'idiomorph';
import { pictures } from './pictures.js';
import { from } from './streams.js';
import { localTimes, showZone } from './times.js';

htmx.config.allowEval = false;
htmx.config.includeIndicatorStyles = false; // the content security policy allows no style in a page
htmx.config.historyEnabled = false; // no page is kept in the browser's storage

const timed = (node) => node instanceof HTMLTimeElement;
const field = (node) => node instanceof HTMLInputElement || node instanceof HTMLTextAreaElement || node instanceof HTMLSelectElement;

// touched reports whether somebody has changed a field, or is in it.
function touched(node) {
  if (node === document.activeElement) return true;
  if (node instanceof HTMLSelectElement) return [...node.options].some((option) => option.selected !== option.defaultSelected);
  return node.value !== node.defaultValue || node.checked !== node.defaultChecked;
}

// What is shown anew keeps what people did to it.
Idiomorph.defaults.callbacks.beforeNodeMorphed = (old, now) => {
  if (timed(old) && timed(now)) return old.dateTime !== now.dateTime;
  return !(field(old) && touched(old));
};
Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, node) => !(name === 'open' && node instanceof HTMLDetailsElement);

const ways = {
  become: (target, now) => Idiomorph.morph(target, now),
  within: (target, now) => Idiomorph.morph(target, now.childNodes, { morphStyle: 'innerHTML' }),
  after: (target, now) => [target.after(now), now].slice(1),
  before: (target, now) => [target.before(now), now].slice(1),
};
htmx.defineExtension('live', {
  isInlineSwap: (way) => way in ways,
  handleSwap: (way, target, fragment) => ways[way]?.(target, fragment.firstElementChild) ?? false,
});

function shown(within) {
  localTimes(within);
  pictures(within);
}
document.body.addEventListener('htmx:sseMessage', (event) => {
  // It is not the page any more that was loaded: what it is now is named when it is asked
  // anew. (A browser that comes back by itself does so by Last-Event-ID.)
  const address = event.target.getAttribute('sse-connect');
  const has = event.detail.lastEventId;
  if (address && has) event.target.setAttribute('sse-connect', from(address, has));
  shown(event.target);
});
document.body.addEventListener('htmx:afterSettle', (event) => shown(event.target));
// What is shown is not there any more, or is another page now.
document.body.addEventListener('htmx:sseClose', (event) => {
  if (event.detail.type === 'message' && !going) location.reload();
});

// A form that was sent leads somewhere else: what it ends does not lead back. One that only
// closes its dialog leads nowhere. For as long as it mostly takes to be there, the button does
// nothing more: a second press would take the place of the first, and of its answer.
let going = false;
const sent = new Set();
const mostly = 5000;
document.addEventListener('submit', (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.getAttribute('method') === 'dialog') return;
  if (sent.has(form) && form.method === 'post') event.preventDefault();
  sent.add(form);
  setTimeout(() => sent.delete(form), mostly);
  going = true;
});
window.addEventListener('pageshow', () => {
  going = false;
  sent.clear();
});

shown(document);
showZone();
