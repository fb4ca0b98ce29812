// Google Consent Mode, from the commands in the `dataLayer`. Google has no documented way to read its state back.
import type {Adapter, Word} from "../types.ts";
import {watch} from "../watch.ts";

const adapter: Adapter = (report) => {
  const defaults: Record<string, Word> = {};
  const answers: Record<string, Word> = {};
  let decided = false;
  let ignored = 0;
  let found: unknown;

  const take = (entry: any) => {
    try {
      const [name, action, values] = entry.event ? [entry.event] : entry;
      if (name !== "consent") return;
      // As Google's own reader: an `arguments` object is a command, an array is not.
      const real = toString.call(entry) === "[object Arguments]";
      found = (real && values && /^(default|update)$/.test(action)) || ++ignored;
      for (const signal of ["ad_storage", "ad_user_data", "ad_personalization", "analytics_storage"]) {
        const value = values[signal];
        const yes = value === "granted";
        // A yes is taken only where Google obeys too; a no from an update in the wrong form as well.
        if (!value || (yes && !real)) continue;
        if (action === "update") {
          answers[signal] = yes ? value : "denied";
          decided = true;
        } else if (real && !yes && !values.region) {
          // A default is no decision. As a no, it fills in what updates leave open, unless it is for a region, which may not be the visitor's.
          defaults[signal] = "denied";
        }
      }
    } catch {}
  };

  watch(report, "dataLayer", (layer, look, fresh) => {
    if (fresh) {
      const push = layer.push;
      Array.from(layer).forEach(take);
      layer.push = function (...entries: unknown[]) {
        entries.forEach(take);
        look();
        return push.apply(this, entries);
      };
    }
    return found ? {decided, signals: {...defaults, ...answers}, ignored} : null;
  });
};

export default adapter;
