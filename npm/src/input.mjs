// Standard input as a whole, where somebody is to hand something over.

import {usage} from "./exits.mjs";

/** More than any event or list of identifiers. */
const MOST_BYTES = 16 * 1024 * 1024;

/** @param {string} what is waited for */
export async function standardInput(what) {
  if (process.stdin.isTTY) throw usage(`${what} is asked for: an argument, or standard input`);
  const pieces = [];
  let length = 0;
  for await (const piece of process.stdin) {
    length += piece.length;
    if (length > MOST_BYTES) throw usage("standard input has more than 16 MiB");
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString("utf8");
}
