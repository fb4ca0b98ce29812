// LinkedIn: knows events by the ids of its rules, so only those of the map; ours is `event_id`, among the data.
import {call} from "../tag.ts";
import type {Pixel} from "../types.ts";

const pixel: Pixel = ({name, id}, map) => !map?.[name] || call("lintrk", "track", {conversion_id: +map[name]!, event_id: id});

export default pixel;
