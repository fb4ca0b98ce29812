// For scripts without settings of their own: a page that never calls `init` is told so, once.

import type {Edgetally} from "./types.ts";

export default (edgetally: Edgetally) => {
  setTimeout(() => {
    const {ready, waiting} = edgetally.status();
    if (!ready) console.warn(`edgetally: ${waiting} events wait for edgetally("init", {key, url})`);
  }, 3e4);
  return edgetally;
};
