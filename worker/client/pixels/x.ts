// X: knows events by ids of its own (`tw-…`), so only those of the map; ours is `conversion_id`, among the data.
import {call, count} from "../tag.ts";
import type {Pixel} from "../types.ts";

const pixel: Pixel = ({name, id, fields}, map) => {
  const {value, currency, items} = fields;
  const contents = items?.map(({item_id, item_name, price, quantity = 1}) => ({content_id: "" + item_id, content_name: item_name, content_price: price, num_items: quantity}));
  return !map?.[name] || call("twq", "event", map[name], {value, currency, conversion_id: id, num_items: count(fields), contents});
};

export default pixel;
