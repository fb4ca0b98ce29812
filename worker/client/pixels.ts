// The platforms' tags in the page get the same event under the same id, once consent holds. None is loaded here.

import {covered, refused} from "./consent.ts";
import type {Fields, Pixel} from "./types.ts";

const MOST = 500;

/** `fan(event)` takes an event, `fan()` looks again for those that were not there. */
export default (pixels: Record<string, Pixel>, maps: Record<string, Record<string, string>>) => {
  let late: [name: string, event: Parameters<Pixel>[0]][] = [];
  let looks = 0;
  return (required: boolean, event?: {event: string; event_id: string}) => {
    if (event) for (const name in pixels) late.push([name, {name: event.event, id: event.event_id, fields: event as Fields}]);
    late = late.slice(-MOST).filter(([name, call]) => {
      const words = name == "ga4" ? (["analytics_storage"] as const) : (["ad_storage", "ad_user_data"] as const);
      if (words.some(refused)) return false;
      try {
        return !words.every((word) => covered(word, required)) || !pixels[name]!(call, maps[name]);
      } catch {
        return false;
      }
    });
    return late.length > 0 && looks++ < 60;
  };
};
