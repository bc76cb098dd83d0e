// Keeps the parts of a page that move up to date: an element with data-live
// shows what the server sends to that address.
for (const part of document.querySelectorAll("[data-live]")) {
  const source = new EventSource(part.dataset.live);
  source.onmessage = (event) => {
    const focused = part.contains(document.activeElement) ? document.activeElement.id : "";
    part.innerHTML = event.data;
    if (focused) document.getElementById(focused)?.focus();
    localTimes(part);
  };
  source.addEventListener("gone", () => {
    source.close();
    location.reload();
  });
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
