import {readFileSync} from "node:fs";
import {join} from "node:path";
import {PACKAGE} from "./places.mjs";

/** The package's version. */
export const VERSION = /** @type {string} */ (JSON.parse(readFileSync(join(PACKAGE, "package.json"), "utf8")).version);
