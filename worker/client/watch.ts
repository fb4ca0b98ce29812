// What the adapters of consent/ have in common: when a source is read, and what its names for things mean.
import type {Adapter, Report, Word} from "./types.ts";

type Options = Parameters<Adapter>[1];

/** How each source is read again, for what changes the meaning of what it says. */
export const looks: (() => void)[] = [];

/**
 * Reads the global `name`, or else `other`: now, and every fifth of a second for ten seconds, since any script may come after us. `read` gives the
 * whole state, anything falsy while nothing is decided (nor has a global decided anything that is half loaded, so that reading throws), and `null` where
 * the source is not in use after all, which is the same as not being there; `fresh` says that this is not the global of the last time, and `look` is to be called when something has changed. Only changes are reported.
 */
export function watch(
  report: Parameters<Adapter>[0],
  name: string,
  read: (source: any, look: () => void, fresh: boolean) => unknown,
  other = name,
): () => void {
  let last: string | undefined;
  let seen: unknown;
  const look = () => {
    const source = window[name] || window[other];
    let state: unknown;
    if (!source) return;
    try {
      state = read(source, look, seen !== (seen = source));
    } catch {}
    if (state === null) return;
    state = state || {decided: false, signals: {}};
    if (last !== (last = JSON.stringify(state))) report(state as Report);
  };
  const again = (times: number) => {
    look();
    if (times) setTimeout(again, 200, times - 1);
  };
  again(50);
  if (REGION) looks.push(look);
  return look;
}

/** What was said to one of a source's own names: `true` is a yes, `""` no answer yet, and all else a no. */
type Answer = (name: string) => unknown;

/**
 * The adapter of a consent manager with categories or services. `events`: what it raises when something has changed; what was raised before us is no loss,
 * since it is read in any case. `defaults`: its own names for analytics and for ads, where these are the same on every site; those of the settings take
 * their place. `read` gives the answers, and whether the visitor has given them; anything falsy where it cannot tell. A signal is granted only if all the
 * names that stand for it are.
 *
 * What nobody has answered is undecided. Only where no opt-in is needed, and the manager itself lets something run before it is asked, do its rules for the
 * visitor's region decide; if they let nothing run, they ask for an answer, and until then their no is reported as such.
 */
export function manager(
  name: string,
  events: string,
  defaults: Options["categories"],
  read: (source: any, required: boolean, look: () => void) => [answered: unknown, answer: Answer] | false | "" | null | undefined,
  other?: string,
) {
  return (report: Parameters<Adapter>[0], options: Options): (() => void) => {
    const map = Object.keys(options.categories)[0] ? options.categories : defaults;
    const look = watch(
      report,
      name,
      (source, again) => {
        const words: {analytics?: Word; ads?: Word} = {};
        const [answered, answer] = read(source, options.required, again) || [];
        for (const own of Object.keys(map)) {
          const kind = map[own]!;
          const yes = answer ? answer(own) : "";
          if (yes === "") return;
          words[kind] = yes === true && words[kind] !== "denied" ? "granted" : "denied";
        }
        const {analytics, ads} = words;
        return (
          (answered || !options.required) &&
          (analytics || ads) && {
            decided: !!answered || analytics === "granted" || ads === "granted",
            signals: {analytics_storage: analytics, ad_storage: ads, ad_user_data: ads, ad_personalization: ads},
          }
        );
      },
      other,
    );
    for (const event of (events + " pageshow").split(" ")) {
      // In the capturing phase, the window hears the document's events too.
      addEventListener(
        event,
        () => {
          look();
          // Some raise their event before what is read has changed.
          setTimeout(look, 99);
        },
        true,
      );
    }
    return look;
  };
}
