// The banner's categories and Google's words for them. The shop's server reads the visitor's answer by it as well, so that its
// copy of an order says the same as the page's.

/** @typedef {{ad_storage: string, ad_user_data: string, ad_personalization: string, analytics_storage: string}} Words */

/** The cookie that keeps the answer: the categories that were accepted, joined with a dot; "none" where none was. */
export const COOKIE = "demo_consent";
export const CATEGORIES = ["statistics", "advertising", "personal"];

/**
 * What the cookie says in Google's four words; undefined where nobody has answered yet.
 * @param {string | undefined} answer
 * @returns {Words | undefined}
 */
export function words(answer) {
  if (!answer) return undefined;
  const accepted = answer.split(".");
  const word = (/** @type {string[]} */ ...wanted) => (wanted.every((one) => accepted.includes(one)) ? "granted" : "denied");
  return {
    ad_storage: word("advertising"),
    ad_user_data: word("advertising"),
    ad_personalization: word("advertising", "personal"),
    analytics_storage: word("statistics"),
  };
}
