// Times in the zone of whoever looks, and in their kind of the page's language.
const page = document.documentElement.lang;
const locale = navigator.languages.find((l) => l.split('-')[0] === page.split('-')[0]) ?? page;
const short = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' });
const exact = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'medium' });
const long = new Intl.DateTimeFormat(locale, { dateStyle: 'full', timeStyle: 'long' });
const until = new Intl.RelativeTimeFormat(locale, { numeric: 'always' });

// How long it is until a time, where that is asked for.
function left(time, at) {
  const minutes = Math.round((at - Date.now()) / 60_000);
  if (!time.closest('[data-left]') || minutes <= 0) return '';
  return ` (${minutes < 120 ? until.format(minutes, 'minute') : until.format(Math.round(minutes / 60), 'hour')})`;
}

setInterval(() => {
  for (const time of document.querySelectorAll('[data-left] time[data-local]')) {
    const at = new Date(time.dateTime);
    time.textContent = short.format(at) + left(time, at);
  }
}, 20_000);

export function localTimes(within) {
  for (const time of within.querySelectorAll('time:not([data-local])')) {
    const at = new Date(time.dateTime);
    time.textContent = ('exactly' in time.dataset ? exact : short).format(at) + left(time, at);
    time.title = long.format(at);
    time.dataset.local = '';
  }
}

// Times that are typed are in that zone, too.
export function showZone() {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  for (const field of document.querySelectorAll('[name=zone]')) field.value = zone;
  for (const name of document.querySelectorAll('[data-zone]')) name.textContent = zone;
}
