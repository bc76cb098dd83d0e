// Pictures that are taken again and again, while they are seen.
const every = 10_000;
const seen = new WeakSet();
const watcher = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (isIntersecting) seen.add(target);
    else seen.delete(target);
  }
});

// One that cannot be had leaves its place empty, and is asked for again.
const there = (picture) => picture.classList.toggle('missing', picture.complete && picture.naturalWidth === 0);
for (const event of ['load', 'error']) {
  document.addEventListener(event, ({ target }) => {
    if (target instanceof HTMLImageElement && 'again' in target.dataset) there(target);
  }, true);
}

export function pictures(within) {
  for (const picture of within.querySelectorAll('img[data-again]')) {
    watcher.observe(picture);
    there(picture);
  }
}

setInterval(() => {
  if (document.hidden) return;
  for (const picture of document.querySelectorAll('img[data-again]')) {
    if (!seen.has(picture)) continue;
    const address = new URL(picture.src);
    address.searchParams.set('at', Date.now());
    picture.src = address.href;
  }
}, every);
