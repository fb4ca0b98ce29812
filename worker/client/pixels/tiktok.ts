// TikTok: the id is `event_id`, beside the data. Its stub is an array with methods.
import {STANDARD, named} from "../tag.ts";
import type {Pixel} from "../types.ts";

const pixel: Pixel = ({name, id, fields}, map) => {
  const {value, currency, items} = fields;
  const {ttq} = window;
  if (name == "refund") return true;
  if (typeof ttq?.track != "function") return false;
  const theirs = map?.[name] || (name == "page_view" ? "Pageview" : STANDARD.test(name) ? named(name) : name);
  const contents = items?.map(({item_id, item_name, price, quantity = 1}) => ({content_id: "" + item_id, content_name: item_name, price, quantity}));
  ttq.track(theirs, {value, currency, contents, content_type: items && "product"}, {event_id: id});
  return true;
};

export default pixel;
