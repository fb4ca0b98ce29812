// Who comes: what visitors have answered, or have been asked by, in every form in which shops learn of it. Strings are made
// here, as banners make them, and dated by the demo's own clock.

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** Six bits a character. @param {[value: number, bits: number][]} fields */
function text(fields) {
  const bits = fields.map(([value, width]) => value.toString(2).padStart(width, "0")).join("");
  return (bits.match(/.{1,6}/g) ?? []).map((six) => ALPHABET[Number.parseInt(six.padEnd(6, "0"), 2)]).join("");
}

/** A bit for each id up to a largest one. @param {readonly number[]} ids @param {number} largest @returns {[number, number][]} */
const flags = (ids, largest) => Array.from({length: largest}, (_, at) => [ids.includes(at + 1) ? 1 : 0, 1]);

/** Vendors, each as a range of its own. @param {readonly number[]} ids @returns {[number, number][]} */
const vendors = (ids) => [[Math.max(0, ...ids), 16], [1, 1], [ids.length, 12], ...ids.flatMap((id) => /** @type {[number, number][]} */ ([[0, 1], [id, 16]]))];

/**
 * A TC string of this day, of one site in Germany, as TCF 2.3 has it: by consent platform 260, vendor list 178, policy 5.
 * @param {number} now
 * @param {readonly number[]} purposes
 * @param {readonly number[]} consented
 * @param {readonly number[]} [shown] none is a banner from before TCF 2.3
 */
export function tcString(now, purposes, consented, shown) {
  const day = Math.floor(now / 86_400_000) * 864_000;
  const core = text([
    [2, 6], [day, 36], [day, 36], [260, 12], [1, 12], [1, 6], [4, 6], [13, 6], [178, 12], [5, 6], [1, 1], [0, 1], [0, 12],
    ...flags(purposes, 24), [0, 24], [0, 1], [3, 6], [4, 6], ...vendors(consented), ...vendors([]), [0, 12],
  ]);
  return shown ? `${core}.${text([[1, 3], ...vendors(shown)])}` : core;
}

/**
 * A GPP string with the section of California alone.
 * @param {{out: boolean, child?: boolean}} said
 */
export function california({out, child = false}) {
  const answer = out ? 1 : 2;
  return `DBABBg~${text([[1, 6], [1, 2], [1, 2], [1, 2], [answer, 2], [answer, 2], [0, 18], [child ? 1 : 0, 2], [0, 2], [0, 2], [2, 2], [0, 2], [0, 2]])}.QA`;
}

/** Everything granted in Consent Mode's words. */
export const ALL = {ad_storage: "granted", analytics_storage: "granted", ad_user_data: "granted", ad_personalization: "granted"};
const NONE = {ad_storage: "denied", analytics_storage: "denied", ad_user_data: "denied", ad_personalization: "denied"};
const EVERY = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
const GOOGLE = [755];
/** Google's list beside the IAB's: Meta is in it. */
const META = "2~89~dv.";

/**
 * @typedef {object} Kind
 * @property {string} name what people call such a visitor
 * @property {number} weight how many of a hundred of the source's visitors are so
 * @property {(now: number) => Record<string, unknown> | undefined} consent
 * @property {boolean} [gpc] whether the browser says that nothing may be sold or shared
 */

/** The visitors of each source's pages. @type {{shop: readonly Kind[], outlet: readonly Kind[]}} */
export const KINDS = {
  // The law asks for a yes.
  shop: [
    {name: "agreed to everything", weight: 41, consent: () => ALL},
    {name: "agreed, but to no profiles", weight: 9, consent: () => ({...ALL, ad_personalization: "denied"})},
    {name: "analytics only", weight: 8, consent: () => ({...NONE, analytics_storage: "granted"})},
    {name: "ads, no analytics", weight: 3, consent: () => ({...ALL, analytics_storage: "denied"})},
    {name: "refused everything", weight: 7, consent: () => NONE},
    {name: "closed the banner", weight: 4, consent: () => ({})},
    {name: "agreed, browser signals GPC", weight: 4, consent: () => ALL, gpc: true},
    {name: "TCF: all, Meta in the list", weight: 6, consent: (now) => ({tcf: tcString(now, EVERY, GOOGLE, GOOGLE), gdpr_applies: true, additional_consent: META})},
    {name: "TCF and answers: all", weight: 4, consent: (now) => ({...ALL, tcf: tcString(now, EVERY, GOOGLE, GOOGLE), gdpr_applies: true, additional_consent: META})},
    {name: "TCF: measure, no profiles", weight: 3, consent: (now) => ({tcf: tcString(now, [1, 2, 7, 8, 9], GOOGLE, GOOGLE), gdpr_applies: true, additional_consent: META})},
    {name: "TCF: Google refused", weight: 2, consent: (now) => ({tcf: tcString(now, EVERY, [21], [21, 755]), gdpr_applies: true, additional_consent: META})},
    {name: "TCF: purpose 1 only", weight: 2, consent: (now) => ({tcf: tcString(now, [1], GOOGLE, GOOGLE), gdpr_applies: true})},
    {name: "TCF: banner before 2.3", weight: 3, consent: (now) => ({tcf: tcString(now, EVERY, GOOGLE), gdpr_applies: true, additional_consent: META})},
    {name: "TCF: string cut off", weight: 2, consent: (now) => ({tcf: tcString(now, EVERY, GOOGLE, GOOGLE).slice(0, 40), gdpr_applies: true})},
    {name: "agreed, but TCF says no", weight: 2, consent: (now) => ({...ALL, tcf: tcString(now, [], [], GOOGLE), gdpr_applies: true, additional_consent: META})},
  ],
  // The law is opt-out.
  outlet: [
    {name: "US: never asked", weight: 58, consent: () => undefined},
    {name: "US: browser signals GPC", weight: 6, consent: () => undefined, gpc: true},
    {name: "US Privacy: opted out", weight: 6, consent: () => ({us_privacy: "1YYN"})},
    {name: "GPP: opted out", weight: 6, consent: () => ({gpp: california({out: true}), gpp_sid: [8]})},
    {name: "GPP: not opted out", weight: 6, consent: () => ({gpp: california({out: false}), gpp_sid: [8]})},
    {name: "GPP: a known child", weight: 9, consent: () => ({gpp: california({out: false, child: true}), gpp_sid: [8]})},
    {name: "US Privacy: misspelt", weight: 9, consent: () => ({us_privacy: "1Y"})},
  ],
};
