// The page of a desktop: connects, says in words how that goes, and connects again by
// itself when it ends.
import RFB from '@novnc/novnc';

const page = document.body.dataset;
// english is for the page of an allocator of the release before, which sends no words.
const english = {
  unreachable: 'LabLink cannot be reached',
  watching: 'You are watching. Nothing that you do here reaches the desktop.',
  controlling: 'You are working on this desktop. Its participant sees that you do. Ctrl, Alt, Shift and B together lead back to this bar.',
  gone: 'This desktop is not yours any more.',
  lost: 'The connection was lost',
  again: 'Connecting again by itself…',
  too_much: 'Too much to copy: {n} MiB, and 1 MiB is the most. Copy less, or take a file.',
};
const words = { ...english, ...JSON.parse(page.words ?? '{}') };
const watch = page.view === 'watch';
const control = page.view === 'control'; // staff works on somebody else's desktop
const own = page.view === 'own';
const framed = window.parent !== window; // in the seat's page, which has a bar of its own
const stream = new URL(page.stream, location.href);
const said = document.getElementById('said');
const screen = document.getElementById('screen');
const text = document.getElementById('text');

document.body.classList.toggle('framed', framed);

let rfb = null;
let tries = 0;

function say(text, trouble = false) {
  said.textContent = text;
  said.classList.toggle('trouble', trouble);
}

// tell tells the page around, which is LabLink's own.
function tell(what) {
  if (framed) window.parent.postMessage({ lablink: what }, location.origin);
}

// refusal asks in plain HTTP what a WebSocket does not tell: why it was refused.
async function refusal() {
  try {
    const answer = await fetch(stream, { headers: { Accept: 'application/json' }, cache: 'no-store' });
    if (answer.status === 426) return null; // it would take a WebSocket
    const problem = await answer.json();
    return { reason: [problem.title, problem.detail].filter(Boolean).join('. '), over: [401, 403, 404].includes(answer.status) };
  } catch {
    return { reason: words.unreachable, over: false };
  }
}

const welcome = watch ? words.watching : control ? words.controlling : '';

function connect() {
  const url = new URL(stream);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  rfb = new RFB(screen, url.href, { shared: true });
  rfb.viewOnly = watch;
  rfb.scaleViewport = true; // where the desktop does not take the window's size
  rfb.resizeSession = own;
  rfb.focusOnClick = true;
  rfb.addEventListener('connect', () => {
    tries = 0;
    say(welcome);
    document.body.dataset.connected = '';
    if (!watch && !framed) rfb.focus();
    tell('connected'); // whoever has the keyboard in the page around decides
  });
  rfb.addEventListener('disconnect', lost);
  rfb.addEventListener('clipboard', (e) => copied(e.detail.text));
}

async function lost() {
  delete document.body.dataset.connected;
  tell('lost');
  rfb = null;
  const why = await refusal();
  if (why?.over) {
    say(why.reason || words.gone, true);
    return;
  }
  const wait = Math.min(10, 2 ** (tries++ - 2)) * (0.75 + Math.random() / 2);
  say(`${why ? why.reason.replace(/\.$/, '') : words.lost}. ${words.again}`, true);
  setTimeout(connect, 1000 * wait);
}

// What is copied on the desktop goes to the browser's clipboard where that is allowed,
// and to the field in any case.
function copied(what) {
  if (!own) return;
  text.value = what;
  navigator.clipboard?.writeText(what).catch(() => {});
}

// paste puts something into the desktop's clipboard, if it is not more than that takes, in
// bytes (agent/rfb). What is sent has ends of lines of two bytes, and an end.
const most = 1 << 20;
let refused = '';
function paste(what) {
  const bytes = new TextEncoder().encode(`${what.replace(/\r\n|\r|\n/g, '\r\n')}\0`).length;
  if (bytes > most) {
    refused = words.too_much.replace('{n}', (bytes / most).toFixed(1));
    say(refused, true);
    return;
  }
  if (refused && said.textContent === refused) say('');
  rfb?.clipboardPasteFrom(what);
}

async function offer() {
  if (!own || !rfb || !navigator.clipboard?.readText) return;
  try {
    const what = await navigator.clipboard.readText();
    if (what && what !== text.value) {
      text.value = what;
      paste(what);
    }
  } catch {
    // the browser does not allow it: the field is there
  }
}

// The clipboard is opened by its button here, or by that of the bar around.
const panel = document.getElementById('clipboard');
const button = document.getElementById('clip');
function clipboard(open) {
  panel.hidden = !open;
  button.setAttribute('aria-expanded', String(open));
  tell(open ? 'clipboard-open' : 'clipboard-closed');
  if (open) text.focus();
  else rfb?.focus();
}
if (own) {
  button.addEventListener('click', () => clipboard(panel.hidden));
  document.getElementById('close').addEventListener('click', () => clipboard(false));
  panel.addEventListener('keydown', (e) => { if (e.key === 'Escape') clipboard(false); });
  text.addEventListener('input', () => paste(text.value));
  window.addEventListener('focus', offer);
}

// What the bar around asks for.
const asked = {
  hello: () => { // it began later than this page
    if (own) tell('clipboard');
    if ('connected' in page) tell('connected');
  },
  clipboard: () => { if (own) clipboard(panel.hidden); },
  focus: () => rfb?.focus(),
};
window.addEventListener('message', (e) => {
  if (e.origin !== location.origin || e.source !== window.parent || !framed) return;
  if (Object.hasOwn(asked, e.data?.lablink)) asked[e.data.lablink]();
});

// Every key is the desktop's but one. In a frame the page around has it.
window.addEventListener('keydown', (e) => {
  if (framed || !(e.ctrlKey && e.altKey && e.shiftKey && e.code === 'KeyB')) return;
  e.preventDefault();
  e.stopImmediatePropagation();
  document.getElementById('back').focus();
}, true);

// hear tells whether staff looks at the desktop. A source of events that was refused does not
// come back by itself.
function hear() {
  const watched = document.getElementById('watched');
  const controlled = document.getElementById('controlled');
  const source = new EventSource(page.watched);
  let controls = false;
  source.addEventListener('controls', (e) => { controls = e.data !== '0'; });
  source.onmessage = (e) => { // after it
    controlled.hidden = !controls;
    watched.hidden = controls || e.data === '0';
  };
  source.onerror = () => {
    watched.hidden = controlled.hidden = true;
    if (source.readyState === EventSource.CLOSED) setTimeout(hear, 5000);
  };
}
if (page.watched && !framed) hear(); // the bar around tells it, too

document.getElementById('full').addEventListener('click', async () => {
  if (document.fullscreenElement) await document.exitFullscreen();
  else await document.documentElement.requestFullscreen().catch(() => {});
  rfb?.focus();
});

if (own) tell('clipboard'); // that there is one
connect();
