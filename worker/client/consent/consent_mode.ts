// Google Consent Mode, from the commands in the `dataLayer`. Google has no documented way to read its state back.
import type {Adapter, Word} from "../types.ts";
import {watch} from "../watch.ts";

const adapter: Adapter = (report) => {
  const regional: Record<string, Word> = {};
  const defaults: Record<string, Word> = {};
  const answers: Record<string, Word> = {};
  let commands = 0;
  let ignored = 0;
  let decided = false;

  const take = (entry: any) => {
    try {
      if (entry[0] !== "consent" && entry.event !== "consent") return;
      const [, action, values] = entry[0] ? entry : [];
      // As Google's own reader: an `arguments` object is a command, an array is not.
      const real = toString.call(entry) === "[object Arguments]";
      if (real && values && /^(default|update)$/.test(action)) commands++;
      else ignored++;
      for (const signal of ["ad_storage", "ad_user_data", "ad_personalization", "analytics_storage"]) {
        const value = values[signal];
        const word = value === "granted" ? value : "denied";
        // A yes is taken only where Google obeys too; a no from an update in the wrong form as well.
        if (!value || (word !== "denied" && !real)) continue;
        if (action === "update") {
          answers[signal] = word;
          decided = true;
        } else if (real && word === "denied") {
          // A default decides nothing. As a no, it fills in what updates leave open.
          (values.region ? regional : defaults)[signal] = word;
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
    return commands + ignored ? {decided, signals: decided ? {...regional, ...defaults, ...answers} : {...defaults}, ignored} : null;
  });
};

export default adapter;
