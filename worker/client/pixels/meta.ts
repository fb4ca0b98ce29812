// Meta: the id is `eventID`, beside the data.
import {STANDARD, call, count, ids, named} from "../tag.ts";
import type {Pixel} from "../types.ts";

const pixel: Pixel = ({name, id, fields}, map) => {
  const {value, currency, items} = fields;
  const theirs = map?.[name] || (STANDARD.test(name) ? named(name) : name);
  const contents = items?.map(({item_id, quantity = 1, price}) => ({id: "" + item_id, quantity, item_price: price}));
  const data = {value, currency, content_ids: ids(fields), contents, content_type: items && "product", num_items: count(fields)};
  return name == "refund" || call("fbq", STANDARD.test(name) ? "track" : "trackCustom", theirs, data, {eventID: id});
};

export default pixel;
