// Draws what /data says, every second; what is open stays open. Texts are only ever set as text.

const MARKS = {
  delivered: ["✓", "good", "delivered"],
  processing: ["…", "wait", "judged later"],
  waiting: ["…", "wait", "on its way"],
  retrying: ["↻", "wait", "tried again"],
  duplicate: ["=", "calm", "another copy went"],
  blocked: ["⊘", "calm", "consent says no"],
  skipped: ["–", "calm", "no use for it"],
  rejected: ["✕", "bad", "refused by the platform"],
  dead: ["✕", "bad", "given up"],
};

const byId = (id) => document.getElementById(id);

/** An element with a class and its children; a text is a child too. */
function make(tag, className, ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children);
  return element;
}

const word = (state) => state.split(":")[0];
const mark = (state) => MARKS[word(state)] ?? ["·", "calm", word(state)];
const clock = (at) => new Date(at).toLocaleTimeString([], {hour: "2-digit", minute: "2-digit", second: "2-digit"});
const counted = (n, one) => `${n} ${one}${n === 1 ? "" : "s"}`;

function chip(title, state) {
  const [sign, className, meaning] = mark(state);
  const code = state.includes(":") ? ` ${state.slice(state.indexOf(":") + 1)}` : "";
  const element = make("span", `chip ${className}`, make("span", "", sign), title);
  element.title = `${meaning}${code}`;
  element.setAttribute("aria-label", `${title}: ${meaning}${code}`);
  return element;
}

/** Whose copies came, and how often: a page that is left sends what it has had no answer to once more, under the same id. */
function whose(event) {
  const parts = ["page", "server"].map((name) => [name, event.copies.filter(({sender}) => sender === name).length]).filter(([, times]) => times > 0);
  if (parts.length === 0) return counted(event.copies.length, "copy").replace("copys", "copies");
  return parts.map(([name, times]) => (times === 1 ? name : `${name} (sent again${times > 2 ? ` ${times - 1}×` : ""})`)).join(" + ");
}

/** How the copies of an event met. */
function copies(event) {
  const text = whose(event);
  if (event.copies.length < 2) return make("span", "", text);
  if (event.conflict) return make("span", "differs", `${text}: they differ, so both went out`);
  const nowhere = Object.values(event.states).every(({state}) => ["blocked", "skipped"].includes(word(state)));
  return nowhere ? make("span", "", text) : make("span", "pair", `${text}, counted\u00a0once`);
}

function table(heads, rows) {
  const head = make("thead", "", make("tr", "", ...heads.map((text) => make("th", "", text))));
  return make("table", "", head, make("tbody", "", ...rows.map((cells) => make("tr", "", ...cells.map((cell) => make("td", "", cell))))));
}

/** The request as the stand-in platform got it. */
function request({url, event, context, duplicate, remarks}) {
  const said = [duplicate ? "the platform knew it already" : "", ...remarks].filter(Boolean).join("; ");
  const body = context === null || context === undefined ? event : {...(typeof context === "object" ? context : {context}), event};
  return make("details", "", make("summary", "", `what it got${said ? ` (${said})` : ""}`), make("pre", "", `POST ${url}\n\n${JSON.stringify(body, null, 2)}`));
}

/** Whether the copy at this place is not its sender's first. */
const again = ({copies: all}, place) => all[place].sender !== "" && all.findIndex(({sender}) => sender === all[place].sender) < place;

async function fill(more, event, places) {
  const got = await (await fetch(`received?id=${encodeURIComponent(event.id)}`)).json();
  const rows = places.filter(({name}) => event.states[name]).map(({name, title}) => {
    const {state, words} = event.states[name];
    const requests = got.find((one) => one.name === name)?.requests ?? [];
    const detail = requests.length > 0 ? make("div", "", ...requests.map(request)) : make("span", "sub", word(state) === "delivered" ? "it got no id of ours with it" : "nothing was sent");
    return [chip(title, state), make("span", "", words || mark(state)[2]), detail];
  });
  const parts = [
    make("h3", "", "Copies"),
    table(["when", "from", "answered"], event.copies.map(({at, sender, status}, place) => [clock(at), again(event, place) ? `${sender}, again` : sender || "not known", status || "before this page was open"])),
    ...(event.copies.some((_, place) => again(event, place)) ? [make("p", "sub", "A copy that is sent again is one that its sender has had no answer to, as when a page is left. It has the same id, so it is recognised and not counted again.")] : []),
    make("h3", "", "At each destination"),
    table(["destination", "what became of it", "request"], rows),
  ];
  if (event.left.length > 0) {
    parts.push(make("h3", "", "Left out or changed"), table(["field", "how", "code"], event.left.map(({path, how, code}) => [path, how, code])));
  }
  more.replaceChildren(...parts);
}

/** Elements by event id, so that a poll does not close what somebody reads. */
const shown = new Map();

function row(event, places) {
  let item = shown.get(event.id);
  const text = JSON.stringify(event);
  if (item?.dataset.text === text) return item;
  const details = item?.firstChild ?? make("details", "");
  item ??= make("li", "", details);
  const chips = places.filter(({name}) => event.states[name]).map(({name, title}) => chip(title, event.states[name].state));
  const states = Object.values(event.states).map(({state}) => word(state));
  const refused = states.filter((state) => state === "blocked").length;
  const consent = refused > 0 ? ` · consent says no${refused < states.length ? ` at ${refused} of ${states.length}` : " everywhere"}` : "";
  const id = make("span", "id", event.id);
  id.title = event.id;
  const sub = make("div", "sub", `${clock(event.at)} · `, copies(event), consent, event.left.length > 0 ? ` · ${counted(event.left.length, "field")} left out or changed` : "");
  const who = make("div", "who", make("div", "title", make("span", "name", event.event || "event"), id), sub);
  const summary = make("summary", "", who, make("div", "chips", ...chips));
  const more = details.querySelector(".more") ?? make("div", "more");
  const old = details.querySelector("summary");
  if (old) old.replaceWith(summary);
  else details.append(summary, more);
  details.ontoggle = () => details.open && fill(more, event, places);
  if (details.open) fill(more, event, places);
  item.dataset.text = text;
  item.dataset.find = `${event.event} ${event.id} ${Object.values(event.states).map(({state}) => state).join(" ")}`.toLowerCase();
  shown.set(event.id, item);
  return item;
}

function notices({faults = [], warnings = []}) {
  const lines = [...faults.map((fault) => (typeof fault === "string" ? fault : `${fault.path}: ${fault.rule ?? fault.message ?? ""}`)), ...warnings.map(String)];
  byId("notices").hidden = lines.length === 0;
  byId("notices").replaceChildren(...lines.map((line) => make("p", "", line)));
}

function draw(data) {
  byId("about").textContent = `${data.about.gateway} · ${data.status === "ok" ? "healthy" : data.status} · ${counted(data.places.length, "destination")}, all of them stand-ins on this machine`;
  notices(data);
  const list = byId("events");
  const rows = data.events.map((event) => row(event, data.places));
  rows.forEach((item, at) => list.children[at] !== item && list.insertBefore(item, list.children[at] ?? null));
  while (list.children.length > rows.length) {
    const last = list.lastChild;
    for (const [id, item] of shown) if (item === last) shown.delete(id);
    last.remove();
  }
  filter();
  byId("empty").hidden = rows.length > 0;
  byId("legend").hidden = rows.length === 0;
  const snippet = data.about.snippet ?? "";
  byId("how").textContent = snippet ? "Nothing yet. Send something:" : "Nothing yet.";
  byId("snippet").hidden = snippet === "";
  if (byId("snippet").textContent !== snippet) byId("snippet").textContent = snippet;
  byId("refusals").hidden = data.refused.length === 0;
  byId("refused").replaceChildren(...data.refused.map(({at, sender, code, path, message}) => make("li", "", `${clock(at)} · from a ${sender} · `, make("strong", "", code ?? ""), ` ${path ? `${path}: ` : ""}${message ?? ""}`)));
}

function filter() {
  const wanted = byId("find").value.trim().toLowerCase();
  for (const item of byId("events").children) item.hidden = wanted !== "" && !item.dataset.find.includes(wanted);
}

byId("find").addEventListener("input", filter);
const legend = [...new Map(Object.values(MARKS).map((one) => [one[2], one])).values()];
byId("legend").append(...legend.map(([sign, , meaning]) => make("span", "", `${sign} ${meaning}`)));

for (;;) {
  try {
    const reply = await fetch("data");
    if (!reply.ok) throw new Error(String(reply.status));
    draw(await reply.json());
  } catch {
    byId("about").textContent = "the gateway does not answer; trying again";
  }
  await new Promise((resolve) => setTimeout(resolve, document.hidden ? 5000 : 1000));
}
