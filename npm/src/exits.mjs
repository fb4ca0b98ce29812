// How a command ends when it does not end well. The numbers are documented in docs/cli.md.

export const FINE = 0;
/** Something was found wanting: settings at fault, an event refused, nothing made. */
export const FOUND_WANTING = 1;
/** Asked for in a way that cannot be done: unknown flags, missing ones without a terminal. */
export const USAGE = 2;
/** The gateway could not be reached. */
export const UNREACHABLE = 3;

/** Ends the command with one sentence and a number. */
export class Exit extends Error {
  /** @param {number} code @param {string} message */
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

/** @param {string} message */
export const wanting = (message) => new Exit(FOUND_WANTING, message);
/** @param {string} message */
export const usage = (message) => new Exit(USAGE, message);
/** @param {string} message */
export const unreachable = (message) => new Exit(UNREACHABLE, message);
