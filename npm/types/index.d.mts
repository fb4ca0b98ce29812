import type {Edgetally} from "./types.js";

export type * from "./types.js";

/** The browser client; the first call is `edgetally("init", {key, url})`. */
declare const edgetally: Edgetally;
export default edgetally;
