// The shop's pages as text. They work without scripts; what a script does there is page/shop.js.

import {GOODS, item} from "./goods.mjs";

const NAME = "Example Shop";

/** @param {unknown} value */
export const escape = (value) => String(value).replace(/[&<>"']/g, (one) => `&#${one.charCodeAt(0)};`);

/** @param {number} amount */
export const euros = (amount) => `€\u00a0${amount.toFixed(2)}`;

/**
 * @typedef {import("./goods.mjs").Good} Good
 * @typedef {{good: Good, quantity: number}} Line
 * @typedef {[name: string, fields?: Record<string, unknown>]} Call what the page tells edgetally
 *
 * @typedef {object} Around what each page needs
 * @property {string} nonce
 * @property {string} stub the snippet's first line
 * @property {string} script where the client is
 * @property {number} inCart
 * @property {string} session the shop's own: when the visit began, in seconds
 */

/** @param {readonly Line[]} lines */
export const total = (lines) => Number(lines.reduce((sum, {good, quantity}) => sum + good.price * quantity, 0).toFixed(2));

/**
 * What an event says of them.
 * @param {readonly Line[]} lines
 */
export const worth = (lines) => ({value: total(lines), currency: "EUR", items: lines.map(({good, quantity}) => ({...item(good), quantity}))});

/** @param {Good} good */
const picture = (good) => `<svg class="art" viewBox="0 0 160 120" aria-hidden="true">${good.drawing}</svg>`;

const BANNER = `
<section id="banner" class="banner" role="dialog" aria-labelledby="banner-title" tabindex="-1" hidden>
  <div>
    <h2 id="banner-title">May we count your visit?</h2>
    <p>With your yes we tell our own statistics and the platforms we advertise on what is bought here. Without it they hear nothing of you.</p>
  </div>
  <div class="answers">
    <button id="accept" type="button">Accept all</button>
    <button id="refuse" type="button">Refuse</button>
    <button id="choose" type="button" class="quiet" aria-expanded="false" aria-controls="choices">Choose</button>
  </div>
  <form id="choices" hidden>
    <label><input type="checkbox" id="statistics"> Statistics</label>
    <label><input type="checkbox" id="advertising"> Advertising: which advert led to an order</label>
    <label><input type="checkbox" id="personal" disabled> Adverts made for you</label>
    <button type="submit">Save my choice</button>
  </form>
</section>`;

/**
 * A whole page.
 * @param {Around} around
 * @param {string} title
 * @param {string} main
 * @param {readonly Call[]} calls
 */
function page({nonce, stub, script, inCart, session}, title, main, calls) {
  // What stands in a script is no markup, but its end is.
  const events = JSON.stringify({session, calls}).replaceAll("<", "\\u003c");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(title)} · ${NAME}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/shop/shop.css">
<script nonce="${nonce}">${stub}</script>
<script nonce="${nonce}" async src="${escape(script)}"></script>
<script type="module" src="/shop/shop.js"></script>
</head>
<body>
<header>
  <a class="logo" href="/shop/">${NAME}</a>
  <nav aria-label="Shop"><a href="/shop/">Goods</a> <a href="/shop/cart">Cart${inCart > 0 ? ` <span class="count">${inCart}</span>` : ""}</a></nav>
</header>
<main>
${main}
</main>
<footer>
  <p>Nothing here is for sale. <button id="settings" type="button" class="link">Cookie settings</button></p>
  <details id="status"><summary>edgetally.status()</summary><pre id="said" tabindex="0"></pre></details>
</footer>
${BANNER}
<script type="application/json" id="events">${events}</script>
</body>
</html>
`;
}

/** @param {Around} around */
export function shelf(around) {
  const cards = GOODS.map((good) => `<li><a class="card" href="/shop/${good.item_id}">${picture(good)}<span class="name">${escape(good.item_name)}</span><span class="price">${euros(good.price)}</span></a></li>`);
  return page(around, "Goods", `<h1>Things for the house</h1>\n<ul class="shelf">\n${cards.join("\n")}\n</ul>`, [["page_view"]]);
}

/** @param {Around} around @param {Good} good */
export function product(around, good) {
  const main = `
<div class="product">
  ${picture(good)}
  <div>
    <p class="soft">${escape(good.item_brand)} · ${escape(good.item_category)}</p>
    <h1>${escape(good.item_name)}</h1>
    <p>${escape(good.about)}</p>
    <p class="price big">${euros(good.price)}</p>
    <form method="post" action="/shop/cart" data-event="add_to_cart" data-fields="${escape(JSON.stringify(item(good)))}">
      <input type="hidden" name="item_id" value="${good.item_id}">
      <label>How many <input type="number" name="quantity" value="1" min="1" max="9" required></label>
      <button>Add to cart</button>
    </form>
  </div>
</div>`;
  return page(around, good.item_name, main, [["page_view"], ["view_item", worth([{good, quantity: 1}])]]);
}

/** @param {readonly Line[]} lines */
const sum = (lines) => `<tr><th scope="row" colspan="2">Together</th><td class="number">${euros(total(lines))}</td></tr>`;

/** @param {Around} around @param {readonly Line[]} lines */
export function cart(around, lines) {
  const rows = lines.map(
    ({good, quantity}) => `<tr>
  <td><a href="/shop/${good.item_id}">${escape(good.item_name)}</a><form method="post" action="/shop/cart/less"><input type="hidden" name="item_id" value="${good.item_id}"><button class="link" aria-label="Take out ${escape(good.item_name)}">Take out</button></form></td>
  <td class="number">${quantity}</td>
  <td class="number">${euros(total([{good, quantity}]))}</td>
</tr>`,
  );
  const main = lines.length === 0
    ? '<h1>Your cart</h1>\n<p>There is nothing in it. <a href="/shop/">Look at the goods</a>.</p>'
    : `<h1>Your cart</h1>
<table>
<thead><tr><th scope="col">Goods</th><th scope="col" class="number">Pieces</th><th scope="col" class="number">Price</th></tr></thead>
<tbody>
${rows.join("\n")}
</tbody>
<tfoot>${sum(lines)}</tfoot>
</table>
<p><a class="button" href="/shop/checkout">To the checkout</a></p>`;
  return page(around, "Cart", main, [["page_view"]]);
}

/** Somebody invented, so that an order takes one click. */
export const SOMEBODY = {email: "Elena.Brandt@mail.example", phone: "0151 23456789"};

/**
 * @param {Around} around
 * @param {readonly Line[]} lines
 * @param {{email: string, phone: string, faults?: Record<string, string>}} filled
 */
export function checkout(around, lines, {email, phone, faults = {}}) {
  const field = (/** @type {string} */ name, /** @type {string} */ label, /** @type {string} */ attributes, /** @type {string} */ value) => {
    const fault = faults[name];
    const told = fault ? ` aria-invalid="true" aria-describedby="${name}-fault"` : "";
    return `<p><label for="${name}">${label}</label><input id="${name}" name="${name}" ${attributes} value="${escape(value)}"${told}>${fault ? `<span id="${name}-fault" class="fault">${fault}</span>` : ""}</p>`;
  };
  const main = `
<h1>Checkout</h1>
<form method="post" action="/shop/order" class="fields">
  ${field("email", "E-mail", 'type="email" autocomplete="email" required maxlength="200"', email)}
  ${field("phone", "Telephone", 'type="tel" autocomplete="tel" maxlength="40"', phone)}
  <p class="soft">Filled in for somebody who does not exist. Only digests of what stands here leave edgetally.</p>
  <table><tbody>${lines.map(({good, quantity}) => `<tr><td>${escape(good.item_name)}</td><td class="number">${quantity}</td><td class="number">${euros(total([{good, quantity}]))}</td></tr>`).join("")}</tbody><tfoot>${sum(lines)}</tfoot></table>
  <p><button>Place the order</button></p>
</form>`;
  return page(around, "Checkout", main, [["page_view"], ["begin_checkout", worth(lines)]]);
}

/**
 * What there is to see now.
 * @param {import("./orders.mjs").Order["consent"]} consent
 */
function story(consent) {
  if (!consent) return "You have not answered the banner. This page keeps what it knows until you do. In a moment the shop's server sends its own copy, signed, and silence is a no.";
  if (!Object.values(consent).includes("granted")) return "You refused, so this page tells nobody. In a moment the shop's server sends its own copy, signed, with your no in it.";
  return "This page has told edgetally of it, as far as you allowed. In a moment the shop's server sends its own copy, signed, under the same number. See the two meet.";
}

/** @param {Around} around @param {import("./orders.mjs").Order} order */
export function thanks(around, order) {
  const {id, lines, user} = order;
  const main = `
<h1>Thank you</h1>
<p>Your order has the number <strong>${escape(id)}</strong>: ${lines.map(({good, quantity}) => `${quantity} × ${escape(good.item_name)}`).join(", ")}, ${euros(total(lines))}.</p>
<p class="note">${story(order.consent)}</p>
<p><a class="button" href="/shop/">Back to the goods</a></p>`;
  return page(around, "Thank you", main, [["page_view"], ["purchase", {transaction_id: id, ...worth(lines), user}]]);
}

/** @param {Around} around @param {string} title @param {string} text */
export function notice(around, title, text) {
  return page(around, title, `<h1>${escape(title)}</h1>\n<p>${text}</p>\n<p><a href="/shop/">Back to the goods</a></p>`, []);
}

/**
 * Shop and live view side by side.
 * @param {{shop: string, live: string}} addresses
 */
export function stage({shop, live}) {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>edgetally: a shop, and what becomes of its orders</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/stage.css">
<script type="module" src="/stage.js"></script>
</head>
<body>
<h1 class="aside">A shop, and what becomes of its orders</h1>
<main>
  <section aria-labelledby="left">
    <div class="bar"><h2 id="left" class="aside">The shop</h2><span class="dots" aria-hidden="true"></span><span id="address" class="address"></span><button id="fresh" type="button">New visitor</button></div>
    <iframe id="shop" title="The shop" src="${escape(shop)}"></iframe>
  </section>
  <section aria-labelledby="right">
    <div class="bar"><h2 id="right">What edgetally makes of it</h2></div>
    <iframe id="live" title="What edgetally makes of it, as it happens" src="${escape(live)}"></iframe>
  </section>
</main>
</body>
</html>
`;
}
