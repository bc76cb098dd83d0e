// Keeps the parts of a page that move up to date: an element with data-live
// shows what the server sends to that address.
for (const part of document.querySelectorAll("[data-live]")) {
  const source = new EventSource(part.dataset.live);
  source.onmessage = (event) => {
    const restore = kept(part);
    part.innerHTML = event.data;
    restore();
    localTimes(part);
  };
  source.addEventListener("gone", () => {
    source.close();
    location.reload();
  });
}

// Keeps what somebody is about to do in a part that is shown anew: what they typed, where
// they are, and what they scrolled to.
function kept(part) {
  const typed = [...part.querySelectorAll("input[id], textarea[id]")].filter((field) => field.value !== field.defaultValue).map((field) => [field.id, field.value]);
  const scrolled = [...part.querySelectorAll(".scroll[id]")].map((region) => [region.id, region.scrollLeft]);
  const at = part.contains(document.activeElement) ? document.activeElement : null;
  const caret = at && typed.length && at.selectionStart;
  return () => {
    for (const [id, value] of typed) {
      const field = document.getElementById(id);
      if (field) field.value = value;
    }
    for (const [id, left] of scrolled) {
      const region = document.getElementById(id);
      if (region) region.scrollLeft = left;
    }
    const now = at?.id && document.getElementById(at.id);
    now?.focus({ preventScroll: true });
    if (now && caret) now.setSelectionRange(caret, caret);
  };
}

// Shows times in the zone of whoever looks.
function localTimes(within) {
  for (const time of within.querySelectorAll("time")) {
    time.textContent = new Date(time.dateTime).toLocaleString();
  }
}
localTimes(document);

// Times that are typed are in that zone, too.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
for (const field of document.querySelectorAll("[name=zone]")) field.value = zone;
for (const name of document.querySelectorAll("[data-zone]")) name.textContent = zone;
