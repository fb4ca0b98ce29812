// Consent strings at random, as the IAB's own libraries write and read them: rows for crates/core/tests/it/consent_strings.rs.
//
//   node scripts/consent-oracle.mjs 2000 > rows.json
//
// Half of the rows are strings as they were written; there the readers have to agree. The other half were damaged afterwards:
// ours may refuse those, being stricter, and must not read anything else into them. A row of that half is `"damaged": true`.
// The numbers are seeded, so the same call gives the same rows.

import {GVL, TCModel, TCString, PurposeRestriction, RestrictionType} from "@iabtechlabtcf/core";
import {GppModel, Sections} from "@iabgpp/cmpapi";

/** @typedef {Record<string, any>} Json */

/**
 * Numbers at random, the same ones for the same seed (mulberry32).
 * @param {number} seed
 */
function generator(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const random = generator(20261130);
/** @param {number} below */
const below = (below) => Math.floor(random() * below);
/** @template T @param {readonly T[]} all @returns {T} */
const one = (all) => /** @type {T} */ (all[below(all.length)]);
/** @param {number} most @param {number} share */
const some = (most, share) => Array.from({length: most}, (_, at) => at + 1).filter(() => random() < share);

const VENDORS = 900;
const PURPOSES = 11;

/** A vendor list on which everybody does everything on any ground, so that the library's writer leaves nothing out. */
function vendorList() {
  const ids = Array.from({length: PURPOSES}, (_, at) => at + 1);
  const named = (/** @type {number} */ id) => [id, {id, name: `Purpose ${id}`, description: "", illustrations: []}];
  const purposes = Object.fromEntries(ids.map(named));
  const vendors = Object.fromEntries(Array.from({length: VENDORS}, (_, at) => [at + 1, {
    id: at + 1, name: `Vendor ${at + 1}`, purposes: ids, legIntPurposes: ids, flexiblePurposes: ids,
    specialPurposes: [], features: [], specialFeatures: [1, 2], policyUrl: "", cookieMaxAgeSeconds: null, usesCookies: true,
    cookieRefresh: false, usesNonCookieAccess: false, urls: [], dataRetention: {}, dataDeclaration: [],
  }]));
  const special = Object.fromEntries([1, 2].map(named));
  return new GVL(/** @type {any} */ ({
    gvlSpecificationVersion: 3, vendorListVersion: 178, tcfPolicyVersion: 5, lastUpdated: "2026-09-24T16:00:00Z",
    purposes, specialPurposes: special, features: {}, specialFeatures: special, stacks: {}, dataCategories: {}, vendors,
  }));
}

const list = vendorList();

/** A TC string as the library writes it. */
function writtenTc() {
  const model = new TCModel(list);
  model.cmpId = 2 + below(400);
  model.cmpVersion = below(4096);
  model.consentScreen = below(64);
  model.consentLanguage = one(["EN", "DE", "FR", "PL"]);
  model.publisherCountryCode = one(["DE", "FR", "AA", "GB"]);
  model.isServiceSpecific = true;
  model.useNonStandardTexts = random() < 0.3;
  model.purposeOneTreatment = random() < 0.1;
  model.created = model.lastUpdated = new Date(Date.UTC(2024 + below(3), below(12), 1 + below(28)));
  const share = one([0, 0.5, 1]);
  model.specialFeatureOptins.set(some(2, share));
  model.purposeConsents.set(some(PURPOSES, share));
  model.purposeLegitimateInterests.set(some(PURPOSES, 0.3).filter((id) => ![1, 3, 4, 5, 6].includes(id)));
  const most = one([1, 30, VENDORS]);
  model.vendorConsents.set(some(most, one([0, 0.01, 0.5, 0.99])));
  model.vendorLegitimateInterests.set(some(most, one([0, 0.01, 0.5])));
  model.vendorsDisclosed.set(some(most, one([0.01, 0.99, 1])));
  for (let left = below(4); left > 0; left -= 1) {
    const kind = one([RestrictionType.NOT_ALLOWED, RestrictionType.REQUIRE_CONSENT, RestrictionType.REQUIRE_LI]);
    const restriction = new PurposeRestriction(1 + below(PURPOSES), kind);
    for (const vendor of some(40, 0.2)) model.publisherRestrictions.add(vendor, restriction);
  }
  if (random() < 0.3) {
    model.publisherConsents.set(some(PURPOSES, 0.5));
    model.publisherLegitimateInterests.set(some(PURPOSES, 0.2));
    model.numCustomPurposes = below(5);
    model.publisherCustomConsents.set(some(model.numCustomPurposes, 0.5));
  }
  return TCString.encode(model);
}

/** @param {Iterable<[number, boolean]> & {maxId?: number}} vector */
const ids = (vector) => listed([...vector].filter(([, is]) => is).map(([id]) => id));
/** A list as ours explains it: of many only how many they are. @param {number[]} ids */
const listed = (ids) => (ids.length > 2000 ? {count: ids.length} : ids);

/** What the library reads out of a TC string, by our names. @param {string} text @returns {Json} */
function readTc(text) {
  const model = TCString.decode(text);
  const restrictions = model.publisherRestrictions.getRestrictions().map((restriction) => ({
    purpose_id: restriction.purposeId,
    restriction_type: restriction.restrictionType,
    vendor_ids: listed(model.publisherRestrictions.getVendors(restriction).sort((a, b) => a - b)),
  }));
  restrictions.sort((a, b) => a.purpose_id - b.purpose_id || a.restriction_type - b.restriction_type);
  return {
    version: model.version,
    created_ds: model.created.getTime() / 100,
    last_updated_ds: model.lastUpdated.getTime() / 100,
    cmp_id: model.cmpId,
    cmp_version: model.cmpVersion,
    consent_screen: model.consentScreen,
    consent_language: model.consentLanguage.toUpperCase(),
    vendor_list_version: model.vendorListVersion,
    tcf_policy_version: model.policyVersion,
    is_service_specific: model.isServiceSpecific,
    use_non_standard_texts: model.useNonStandardTexts,
    special_feature_opt_ins: ids(model.specialFeatureOptins),
    purposes_consent: ids(model.purposeConsents),
    purposes_li_transparency: ids(model.purposeLegitimateInterests),
    purpose_one_treatment: model.purposeOneTreatment,
    publisher_cc: model.publisherCountryCode,
    vendor_consents: ids(model.vendorConsents),
    vendor_li: ids(model.vendorLegitimateInterests),
    publisher_restrictions: restrictions,
  };
}

/** The sections of the United States. */
const STATES = [...Sections.SECTION_ID_NAME_MAP].filter(([id]) => id >= 7);

/** A GPP string as the library writes it. */
function writtenGpp() {
  const model = new GppModel();
  for (const [, name] of STATES.filter(() => random() < 0.15)) {
    model.setFieldValue(name, "MspaCoveredTransaction", 1 + below(2));
    for (const field of Object.keys(model.getSection(name))) {
      if (/Version|Segment|^Mspa/.test(field)) continue;
      const value = model.getFieldValue(name, field);
      const few = () => below(3);
      if (typeof value === "boolean") model.setFieldValue(name, field, random() < 0.5);
      else model.setFieldValue(name, field, Array.isArray(value) ? value.map(few) : few());
    }
  }
  if (random() < 0.3) model.setFieldValue("tcfeuv2", "CmpId", 10);
  if (random() < 0.2) model.setFieldValue("uspv1", "OptOutSale", one(["Y", "N", "-"]));
  return model.encode();
}

/** What the library reads out of a GPP string: a row for the whole, and one for each section. @param {string} text @returns {Json[]} */
function readGpp(text) {
  const model = new GppModel(text);
  const found = model.getSectionIds();
  const parts = text.split("~").slice(1);
  // The library leaves out sections that it does not know, and takes those behind them for others.
  if (found.length !== parts.length) return [];
  const sections = Object.fromEntries(found.map((id, at) => [id, parts[at]]));
  /** @type {Json[]} */
  const rows = [{kind: "gpp_split", input: text, expected: {header: {type: 3, version: 1, sections: found}, sections}}];
  for (const [id, name] of STATES.filter(([id]) => found.includes(id))) {
    /** @type {Json} */
    const expected = {};
    for (const field of Object.keys(model.getSection(name))) {
      if (/Segment/.test(field)) continue;
      const value = model.getFieldValue(name, field);
      // One value is a number to us, however many there could be.
      expected[field] = Array.isArray(value) && value.length === 1 ? value[0] : value;
    }
    // What stands in a part of the section that is not there, the library makes up.
    if (!/\./.test(sections[id] ?? "")) delete expected[id >= 25 ? "SensitiveDataProcessing" : "Gpc"];
    rows.push({kind: `gpp_${name}`, input: {section: sections[id]}, expected});
  }
  return rows;
}

/** A string with something amiss. @param {string} text */
function damaged(text) {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  let changed = text;
  for (let times = 1 + below(3); times > 0; times -= 1) {
    const at = below(changed.length);
    switch (below(5)) {
      case 0: changed = changed.slice(0, at); break;
      case 1: changed = changed.slice(0, at) + changed.slice(at + 1); break;
      case 2: changed = changed.slice(0, at) + one([...letters]) + changed.slice(at); break;
      default: changed = changed.slice(0, at) + one([...letters]) + changed.slice(at + 1);
    }
  }
  return changed;
}

/** @template T @param {() => T} read @returns {T | undefined} */
function tried(read) {
  try {
    return read();
  } catch {
    return undefined;
  }
}

const wanted = Number(process.argv[2] ?? 2000);
/** @type {Json[]} */
const rows = [];
while (rows.length < wanted) {
  const tc = writtenTc();
  rows.push({kind: "tcf_decode", input: tc, expected: readTc(tc)});
  const broken = damaged(tc);
  const read = tried(() => readTc(broken));
  if (read) rows.push({kind: "tcf_decode", input: broken, expected: read, damaged: true});
  const gpp = writtenGpp();
  rows.push(...readGpp(gpp));
  const torn = damaged(gpp);
  rows.push(...(tried(() => readGpp(torn)) ?? []).map((row) => ({...row, damaged: true})));
}
process.stdout.write(`${JSON.stringify(rows)}\n`);
