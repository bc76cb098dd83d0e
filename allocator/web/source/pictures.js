// Pictures that are taken again and again, while they are seen.
const every = 10_000;
const seen = new WeakSet();
const watcher = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (isIntersecting) seen.add(target);
    else seen.delete(target);
  }
});

export function pictures(within) {
  for (const picture of within.querySelectorAll('img[data-again]')) watcher.observe(picture);
}

// One that cannot be had leaves its place to its words, and is asked for again.
setInterval(() => {
  if (document.hidden) return;
  for (const picture of document.querySelectorAll('img[data-again]')) {
    if (!seen.has(picture)) continue;
    const address = new URL(picture.src);
    address.searchParams.set('at', Date.now());
    picture.src = address.href;
  }
}, every);
