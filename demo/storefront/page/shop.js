// The shop's page: its consent banner, which speaks Google Consent Mode through the dataLayer as banners do, and what it tells
// edgetally. The banner knows nothing of edgetally, and the events nothing of the banner.

import {CATEGORIES, COOKIE, words} from "./consent.js";

const byId = (/** @type {string} */ id) => document.getElementById(id);
const YEAR = 365 * 86_400;

// The banner.

/** @type {IArguments[]} */
const dataLayer = (window.dataLayer = window.dataLayer || []);
/** Google's reader takes `arguments`, and no array. @param {...unknown} _command */
function gtag(..._command) {
  dataLayer.push(arguments);
}
const saved = () => new RegExp(`(?:^|; )${COOKIE}=([^;]*)`).exec(document.cookie)?.[1];
const banner = byId("banner");
const choices = byId("choices");

/** @param {string} answer */
function decide(answer) {
  document.cookie = `${COOKIE}=${answer};path=/;max-age=${YEAR};samesite=lax`;
  gtag("consent", "update", words(answer));
  if (banner.contains(document.activeElement)) byId("settings").focus({preventScroll: true});
  banner.hidden = true;
  choices.hidden = true;
  byId("choose").setAttribute("aria-expanded", "false");
}

const boxes = () => CATEGORIES.map((name) => byId(name));
byId("accept").addEventListener("click", () => decide(CATEGORIES.join(".")));
byId("refuse").addEventListener("click", () => decide("none"));
byId("choose").addEventListener("click", () => {
  choices.hidden = !choices.hidden;
  byId("choose").setAttribute("aria-expanded", String(!choices.hidden));
});
choices.addEventListener("submit", (event) => {
  event.preventDefault();
  const chosen = boxes().filter(({checked}) => checked).map(({id}) => id);
  decide(chosen.join(".") || "none");
});
// Nobody gets adverts made for them without adverts.
byId("advertising").addEventListener("change", () => {
  const personal = byId("personal");
  personal.disabled = !byId("advertising").checked;
  if (personal.disabled) personal.checked = false;
});
byId("settings").addEventListener("click", () => {
  const accepted = (saved() ?? "").split(".");
  for (const box of boxes()) box.checked = accepted.includes(box.id);
  byId("personal").disabled = !byId("advertising").checked;
  banner.hidden = false;
  banner.focus();
});

gtag("consent", "default", {...words("none"), wait_for_update: 500});
const answered = words(saved());
if (answered) gtag("consent", "update", answered);
else banner.hidden = false;

// What happens in the page.

/** @type {{session: string, calls: [name: string, fields?: object][]}} */
const {session, calls} = JSON.parse(byId("events").textContent);
/** Google Analytics' tag, which has sessions of its own, is not in this page; so it is the shop's. @param {string} name @param {object} [fields] */
const tell = (name, fields) => window.edgetally(name, {...fields, context: {session_id: session}});
for (const [name, fields] of calls) tell(name, fields);

for (const form of document.querySelectorAll("form[data-event]")) {
  form.addEventListener("submit", () => {
    const {event, fields} = form.dataset;
    const quantity = Number(new FormData(form).get("quantity"));
    const {price, ...item} = JSON.parse(fields);
    tell(event, {value: Number((price * quantity).toFixed(2)), currency: "EUR", items: [{...item, price, quantity}]});
  });
}

// What the client says of itself, for whoever wants to look.

const status = byId("status");
const show = () => {
  if (status.open) byId("said").textContent = JSON.stringify(window.edgetally.status(), null, 2);
};
status.addEventListener("toggle", show);
setInterval(show, 500);
