// How much is the most. In a file of their own, since only constants that no import stands before are written out where they are used.

/** Events that wait; characters of them in storage. */
export const MOST_EVENTS = 50;
export const MOST_CHARACTERS = 65536;
/** The share of the page's 64 KiB for requests that outlive it, in characters; its other scripts eat from it too. */
export const MOST_KEEPALIVE = 15360;
