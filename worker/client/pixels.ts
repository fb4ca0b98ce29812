// The platforms' tags in the page get the same event under the same id, once consent holds. None is loaded here.

import {adsStored, analyticsStored, noAds, noAnalytics, purpose, signals} from "./consent.ts";
import {page, type Json} from "./page.ts";
import type {Pixel} from "./types.ts";

const MOST = 500;
/** How often, a second apart, it is looked again for a tag that is not there. */
const LOOKS = 60;

/** Calls the pixels for what is new, and again for those that were not there. */
export default (pixels: Record<string, Pixel>) => {
  let late: [name: string, event: Parameters<Pixel>[0]][] = [];
  let looks = 0;
  return (fresh: Json[], again: () => void) => {
    for (const event of fresh) {
      looks = 0;
      for (const name in pixels) late.push([name, {name: event.event, id: event.event_id, fields: event}]);
    }
    const {tcf, ad_user_data} = signals;
    const ads = adsStored && (ad_user_data || (tcf ? purpose(tcf, 26) : !(REQUIRED ?? page.required)));
    late = late.slice(-MOST).filter(([name, call]) => {
      const google = name == "ga4";
      if (google ? noAnalytics : noAds) return false;
      try {
        return !(google ? analyticsStored : ads) || !pixels[name]!(call, (page.maps || {})[name]);
      } catch {
        return false;
      }
    });
    if (late[0] && looks++ < LOOKS) setTimeout(again, 1e3);
  };
};
