// What the shop sells: goods of the shop day, each with a line about it and a drawing.

import {GOODS as ALL} from "../shop.mjs";

/** Drawn with the classes that shop.css colours: a (the main part), b (its shade), c (light), l (a line). @type {Record<string, {about: string, drawing: string}>} */
const MORE = {
  "SKU-44": {
    about: "Turns down until the page is all you see.",
    drawing: '<path class="c" d="M66 46 44 92h60z"/><path class="l" d="M84 98V70L58 44l14-18"/><path class="a" d="m60 14 30 22-24 12-16-12z"/><rect class="b" x="66" y="96" width="36" height="7" rx="3.5"/>',
  },
  "SKU-12": {
    about: "Three legs, so it never rocks.",
    drawing: '<path class="l" d="m58 44-12 58M102 44l12 58M80 44v58M54 76h52"/><rect class="a" x="44" y="32" width="72" height="14" rx="7"/><rect class="b" x="44" y="40" width="72" height="6" rx="3"/>',
  },
  "SKU-07": {
    about: "Washed twice before you do it.",
    drawing: '<path class="a" d="M44 26h72v62H44z"/><path class="b" d="M44 26h72v12H44zM44 66h72v10H44z"/><path class="l" d="M48 88v10m10-10v10m10-10v10m10-10v10m10-10v10m10-10v10m10-10v10"/>',
  },
  "SKU-31": {
    about: "Shows the time without saying it.",
    drawing: '<circle class="a" cx="80" cy="62" r="40"/><circle class="c" cx="80" cy="62" r="32"/><path class="l" d="M80 40v22l14 10M80 34v2m0 52v2m28-28h-2m-52 0h-2"/>',
  },
  "SKU-58": {
    about: "Oiled ash, with a groove for the crumbs.",
    drawing: '<rect class="a" x="34" y="40" width="78" height="44" rx="8"/><rect class="c" x="41" y="47" width="64" height="30" rx="5"/><rect class="a" x="108" y="55" width="24" height="14" rx="7"/><circle class="c" cx="124" cy="62" r="3"/>',
  },
  "SKU-63": {
    about: "A litre, and it pours to the last drop.",
    drawing: '<path class="c" d="M70 20h20v24c14 8 20 20 20 34 0 16-12 26-30 26S50 94 50 78c0-14 6-26 20-34z"/><path class="a" d="M52 68h56c1 3 2 7 2 10 0 16-12 26-30 26S50 94 50 78c0-3 1-7 2-10z"/><rect class="b" x="66" y="15" width="28" height="8" rx="4"/>',
  },
};

/** @typedef {{item_id: string, item_name: string, price: number, item_brand: string, item_category: string, about: string, drawing: string}} Good */

/** @type {readonly Good[]} */
export const GOODS = ALL.flatMap((good) => {
  const more = MORE[good.item_id];
  return more ? [{...good, ...more}] : [];
});

/** @param {string} id */
export const good = (id) => GOODS.find(({item_id}) => item_id === id);

/**
 * A good as an event names it.
 * @param {Good} good
 */
export const item = ({item_id, item_name, price, item_brand, item_category}) => ({item_id, item_name, price, item_brand, item_category});
