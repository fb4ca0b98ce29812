// The page is whole without this. With it: the viewer's own clock, numbers at the pointer and by arrow keys, and fewer clicks.
"use strict";
(() => {
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];

  // Hours are whole in the ledger, so the zone is too. It goes into the address, where it can be sent to somebody.
  const main = document.querySelector("main[data-zone]");
  if (main && !main.dataset.zone) {
    const zone = Math.round(-new Date().getTimezoneOffset() / 60);
    if (zone && zone >= -12 && zone <= 14) {
      const address = new URL(location.href);
      address.searchParams.set("zone", zone);
      location.replace(address);
      return;
    }
  }

  const formats = {
    hour: new Intl.DateTimeFormat(undefined, {hour: "2-digit", minute: "2-digit"}),
    moment: new Intl.DateTimeFormat(undefined, {weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit"}),
  };
  const tellTimes = (from) => {
    for (const time of all("time[datetime]", from)) {
      const at = new Date(time.dateTime);
      if (isNaN(at) || time.title) continue;
      time.title = time.textContent;
      time.textContent = formats[time.dataset.as || "moment"].format(at);
    }
  };
  tellTimes(document);

  // The numbers are those of the table behind the picture.
  const SVG = "http://www.w3.org/2000/svg";
  for (const figure of all("figure.chart")) {
    const plot = figure.querySelector(".plot");
    const drawing = figure.querySelector(".drawing");
    const readout = figure.querySelector(".readout");
    const names = all("thead th", figure).slice(1).map((cell) => cell.textContent);
    const rows = all("tbody tr", figure);
    if (!plot || !rows.length) continue;
    const cross = drawing.appendChild(document.createElementNS(SVG, "line"));
    cross.setAttribute("class", "cross");
    cross.setAttribute("y1", "22");
    cross.setAttribute("y2", "200");
    cross.setAttribute("visibility", "hidden");
    let at = -1;
    const show = (to) => {
      at = Math.max(0, Math.min(rows.length - 1, to));
      const x = `${((at + 0.5) / rows.length) * 100}%`;
      cross.setAttribute("x1", x);
      cross.setAttribute("x2", x);
      cross.setAttribute("visibility", "visible");
      const cells = all("th,td", rows[at]).map((cell) => cell.textContent);
      readout.textContent = "";
      const first = readout.appendChild(document.createElement("b"));
      first.textContent = cells[0];
      readout.append(names.map((name, place) => `  ${name}: ${cells[place + 1]}`).join("  ·"));
    };
    const hide = () => {
      cross.setAttribute("visibility", "hidden");
      readout.textContent = "";
    };
    plot.tabIndex = 0;
    plot.setAttribute("role", "group");
    plot.setAttribute("aria-label", `${drawing.getAttribute("aria-label")}. Arrow keys read the numbers.`);
    plot.addEventListener("pointermove", (event) => {
      const box = drawing.getBoundingClientRect();
      show(Math.floor(((event.clientX - box.left) / box.width) * rows.length));
    });
    plot.addEventListener("pointerleave", hide);
    plot.addEventListener("blur", hide);
    plot.addEventListener("keydown", (event) => {
      const to = {ArrowLeft: at - 1, ArrowRight: at + 1, PageUp: at - 24, PageDown: at + 24, Home: 0, End: rows.length - 1}[event.key];
      if (event.key === "Escape") return hide();
      if (to === undefined) return;
      event.preventDefault();
      show(at < 0 && event.key === "ArrowLeft" ? rows.length - 1 : to);
    });
  }

  // The latest copies, followed by whoever asks for it: nothing on a page moves by itself. Rows that are there stay, so that
  // whoever is in one of them stays there too.
  const live = document.querySelector("[data-live]");
  const shown = document.querySelector(".latest tbody");
  if (live && shown) {
    const status = live.querySelector("[role=status]");
    const button = document.createElement("button");
    button.type = "button";
    button.className = "quiet";
    status.before(button);
    const key = (row) => [row.querySelector("time").dateTime, ...[...row.cells].slice(1).map((cell) => cell.textContent)].join("\n");
    let timer;
    const follow = (on) => {
      clearInterval(timer);
      timer = on ? setInterval(look, 5000) : undefined;
      button.textContent = on ? "Stop following" : "Follow";
    };
    const look = async () => {
      if (document.hidden) return;
      const reply = await fetch(location.href).catch(() => undefined);
      const text = reply && reply.ok ? await reply.text().catch(() => "") : "";
      const page = new DOMParser().parseFromString(text, "text/html");
      const body = page.querySelector(".latest tbody");
      if (!timer) return;
      if (!body) {
        follow(false);
        status.textContent = reply && reply.status < 500 ? "Not followed any more: reload to sign in again." : "Not followed any more: the gateway does not answer.";
        return;
      }
      const known = new Set(all("tr", shown).map(key));
      const fresh = all("tr", body).filter((row) => !known.has(key(row)));
      const since = live.querySelector("time");
      since.replaceWith(page.querySelector("[data-live] time"));
      tellTimes(live);
      if (!fresh.length) return;
      all("tr", shown).forEach((row) => row.classList.remove("new"));
      for (const row of fresh) row.className = "new";
      shown.prepend(...fresh);
      tellTimes(shown);
      while (shown.rows.length > 50) shown.lastElementChild.remove();
      for (const none of all(".empty", live.parentElement)) none.remove();
      status.textContent = fresh.length === 1 ? "One new copy." : `${fresh.length} new copies.`;
    };
    button.addEventListener("click", () => {
      follow(!timer);
      status.textContent = timer ? "Followed every five seconds." : "";
      if (timer) look();
    });
    follow(false);
  }

  for (const form of all("form[data-filter]")) {
    form.addEventListener("change", (event) => event.target.matches("select") && form.requestSubmit());
  }

  for (const form of all("form[data-letters]")) {
    const boxes = all("input[name=id]", form);
    const corner = form.querySelector("thead th");
    if (boxes.length > 1) {
      const every = document.createElement("input");
      every.type = "checkbox";
      every.setAttribute("aria-label", "Choose all of this page");
      every.addEventListener("change", () => boxes.forEach((box) => (box.checked = every.checked)));
      corner.replaceChildren(every);
    }
    form.addEventListener("submit", (event) => {
      const what = event.submitter && event.submitter.value;
      const n = boxes.filter((box) => box.checked).length;
      const asked = what === "all" ? event.submitter.textContent : `${what === "dismiss" ? "Dismiss" : "Replay"} ${n} of the letters`;
      if ((n > 0 || what === "all") && !confirm(`${asked}?`)) event.preventDefault();
    });
  }
})();
