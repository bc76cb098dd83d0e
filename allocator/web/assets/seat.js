// A participant's page: the desktop below a bar, or what there is until it can be shown. The
// page keeps itself up to date by itself; here is what a browser does with that.
const seat = document.getElementById("seat");
const live = document.getElementById("live");
const frame = document.getElementById("frame");
const words = seat.dataset;
const at = (id) => document.getElementById(id);

// The page becomes the other one when the desktop comes or goes. That of a computer which does
// not answer stays, as it comes back by itself.
let leaving = false;
function follow() {
  const now = at("shows")?.dataset;
  if (!now || leaving) return;
  const gone = frame && !["desktop", "away"].includes(now.shows);
  const another = frame && now.shows === "desktop" && now.session !== words.session;
  if (gone || another || (!frame && now.shows === "desktop")) {
    leaving = true;
    location.replace(location.href.split("#")[0]);
  }
}

// The time that is left, as the browser counts it, and the end at which more was refused.
let refused = "";
let telling = 0;
function countDown() {
  const left = at("left");
  if (!left || !frame) return;
  if (refused && refused !== left.dataset.ends) tell("");
  const minutes = Math.ceil((Date.parse(left.dataset.ends) - Date.now()) / 60000);
  const pattern = minutes <= 0 ? words.over : minutes < 60 ? words.minutes : words.hours;
  const text = pattern.replace("{h}", Math.floor(minutes / 60)).replace("{n}", minutes % 60);
  if (left.textContent !== text) left.textContent = text;
}

// Messages about which nothing must be done can be closed. One that says something else then is
// shown again.
const closed = new Map(JSON.parse(sessionStorage.getItem("closed") ?? "[]"));
const keepClosed = () => sessionStorage.setItem("closed", JSON.stringify([...closed]));
const said = (message) => [...message.childNodes].filter((node) => node.nodeName !== "BUTTON").map((node) => node.textContent).join("").trim();

function messages() {
  const all = [...live.querySelectorAll("[data-dismiss]")];
  for (const message of all) {
    const hide = closed.get(message.id) === said(message);
    if (message.hidden !== hide) message.hidden = hide;
    if (!message.querySelector("button")) message.append(closer(message));
  }
  for (const id of closed.keys()) {
    if (!all.some((message) => message.id === id)) closed.delete(id);
  }
}

function closer(message) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "plain";
  button.textContent = words.close;
  button.addEventListener("click", () => {
    closed.set(message.id, said(message));
    keepClosed();
    message.hidden = true;
    frame.focus();
  });
  return button;
}

// What the graphics card does stands in the help, and is shown there for as long as it is open.
function gpu() {
  if (at("helping").open) at("gpu-now").replaceChildren(...at("gpu").cloneNode(true).childNodes);
}

function changed() {
  follow();
  if (!frame) return;
  countDown();
  messages();
  gpu();
}

new MutationObserver(changed).observe(live, { childList: true, characterData: true, subtree: true, attributes: true, attributeFilter: ["data-shows", "data-session", "data-ends"] });
changed();

// tell shows what came of something that was asked for here.
// Why a machine is not kept longer is true until its end moves.
function tell(text, of = "") {
  const answer = at("answer");
  refused = of;
  answer.textContent = text;
  clearTimeout(telling);
  telling = setTimeout(() => { answer.textContent = ""; }, 10000);
}

// What keeps the computer longer leaves the desktop where it is.
async function extend(e) {
  e.preventDefault();
  const sent = { method: "POST", body: new URLSearchParams(new FormData(e.target)), headers: { Accept: "application/json" }, redirect: "manual" };
  try {
    const answer = await fetch(e.target.action, sent);
    if (answer.ok || answer.type === "opaqueredirect") {
      tell(words.extended);
      return;
    }
    const problem = await answer.json();
    tell([problem.title, problem.detail].filter(Boolean).join(". "), at("left")?.dataset.ends);
  } catch {
    tell(words.failed);
  }
}

// What the page of the desktop tells, and is asked. That of an image tells nothing here.
const ask = (what) => frame.contentWindow?.postMessage({ lablink: what }, location.origin);
const free = () => !document.activeElement || [document.body, frame].includes(document.activeElement);
const heard = {
  clipboard: () => { at("bar-clip").hidden = false; },
  "clipboard-open": () => at("bar-clip").setAttribute("aria-pressed", "true"),
  "clipboard-closed": () => at("bar-clip").setAttribute("aria-pressed", "false"),
  connected: () => {
    if (!free()) return;
    frame.focus();
    ask("focus");
  },
};

// Every key is the desktop's but one, whichever viewer shows it: Ctrl, Alt, Shift and B
// together lead to the bar.
function leads(e) {
  if (!(e.ctrlKey && e.altKey && e.shiftKey && e.code === "KeyB")) return;
  e.preventDefault();
  e.stopImmediatePropagation();
  at("help").focus();
}

function loaded() {
  at("bar-clip").hidden = true;
  if (!frame.contentDocument) return; // it was led to another site, which the browser keeps out
  frame.contentWindow.addEventListener("keydown", leads, true);
  if (frame.contentDocument.getElementById("again")) { // it says what is wrong for now
    setTimeout(() => frame.contentWindow.location.replace(frame.src), 3000);
    return;
  }
  ask("hello");
}

function desk() {
  setInterval(countDown, 10000);
  live.addEventListener("submit", (e) => { if (e.target.action.endsWith("/seat/extend")) extend(e); });
  window.addEventListener("message", (e) => {
    if (e.origin !== location.origin || e.source !== frame.contentWindow) return;
    if (Object.hasOwn(heard, e.data?.lablink)) heard[e.data.lablink]();
  });
  frame.addEventListener("load", loaded);
  if (frame.contentDocument?.readyState === "complete") loaded();
  at("bar-clip").addEventListener("click", () => { frame.focus(); ask("clipboard"); });
  at("help").addEventListener("click", () => { at("helping").showModal(); gpu(); });
  at("go").addEventListener("click", () => at("going").showModal());
  const full = at("bar-full");
  full.hidden = !document.fullscreenEnabled;
  full.addEventListener("click", () => {
    if (document.fullscreenElement) document.exitFullscreen();
    else document.documentElement.requestFullscreen().catch(() => {});
  });
  document.addEventListener("fullscreenchange", () => full.setAttribute("aria-pressed", String(!!document.fullscreenElement)));
}
if (frame) desk();
