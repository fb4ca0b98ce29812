// The platforms' tags in the page get the same event under the same id, once consent holds. None is loaded here.

import {adsStored, analyticsStored, noAds, noAnalytics, purpose, signals} from "./consent.ts";
import {page, type Json} from "./page.ts";
import type {Fields, Pixel} from "./types.ts";

const MOST = 500;

/** With an event: calls the pixels. In any case looks again for those that were not there; `true` while it is worth it. */
export default (pixels: Record<string, Pixel>) => {
  let late: [name: string, event: Parameters<Pixel>[0]][] = [];
  let looks = 0;
  return (event?: Json) => {
    if (event) {
      looks = 0;
      for (const name in pixels) late.push([name, {name: event.event, id: event.event_id, fields: event as Fields}]);
    }
    late = late.slice(-MOST).filter(([name, call]) => {
      const google = name == "ga4";
      const {tcf, ad_user_data} = signals;
      const ads = adsStored && (ad_user_data || (tcf ? purpose(tcf, 26) : !page.required));
      if (google ? noAnalytics : noAds) return false;
      try {
        return !(google ? analyticsStored : ads) || !pixels[name]!(call, (page.maps || {})[name]);
      } catch {
        return false;
      }
    });
    return late.length > 0 && looks++ < 60;
  };
};
