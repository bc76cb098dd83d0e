// Times in the zone and the words of whoever looks.
const short = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
const long = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'long' });

export function localTimes(within) {
  for (const time of within.querySelectorAll('time:not([data-local])')) {
    const at = new Date(time.dateTime);
    time.textContent = short.format(at);
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
