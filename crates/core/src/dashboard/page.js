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
  for (const time of all("time[datetime]")) {
    const at = new Date(time.dateTime);
    if (isNaN(at)) continue;
    time.title = time.textContent;
    time.textContent = formats[time.dataset.as || "moment"].format(at);
  }

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
