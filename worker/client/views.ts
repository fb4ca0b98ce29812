// Page views of shops that change their address without loading a page: one now, and one at each other path or query.

import type {Edgetally} from "./types.ts";

export default (edgetally: Edgetally) => {
  let last: string | undefined;
  const look = () => {
    const path = location.pathname + location.search;
    if (last != path) {
      last = path;
      edgetally("page_view");
    }
  };
  // Others do the same: what was there is called as it was.
  for (const method of ["pushState", "replaceState"] as const) {
    const own = history[method];
    history[method] = function (...given) {
      own.apply(this, given);
      look();
    };
  }
  addEventListener("popstate", look);
  look();
  return edgetally;
};
