/**
 * Google's token endpoint, `POST oauth2.googleapis.com/token`, for the two grants that need no browser: a refresh token, and the
 * signed assertion of a service account. Answers in OAuth's shape (RFC 6749), not in that of Google's APIs.
 *
 * Rules from developers.google.com/identity/protocols/oauth2 (web server and service account pages, read 2026-11); the words of the
 * refusals, and five minutes of tolerance for clocks, as clients of the real endpoint report them.
 */

import { randomBytes, verify } from "node:crypto";
import { isObject, mediaType, readJson } from "./checks.mjs";
import { credentials } from "./credentials.mjs";

export const DATA_MANAGER_SCOPE = "https://www.googleapis.com/auth/datamanager";
export const ADS_SCOPE = "https://www.googleapis.com/auth/adwords";
const SCOPES = [DATA_MANAGER_SCOPE, ADS_SCOPE];
const TOKEN_URI = "https://oauth2.googleapis.com/token";
const JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const LIFETIME_SECONDS = 3600;
const TOLERANCE_SECONDS = 300;

/** @typedef {{scopes: string[], expires: number}} Token `expires`: unix milliseconds. */

class Refusal extends Error {
  /**
   * @param {string} code
   * @param {string} description For the client.
   * @param {string} where
   * @param {string} rule
   * @param {number} [status]
   */
  constructor(code, description, where, rule, status = 400) {
    super(`${where}: ${rule}`);
    this.code = code;
    this.description = description;
    this.status = status;
  }
}

/**
 * @param {Record<string, unknown>} claims
 * @param {string} key
 */
function seconds(claims, key) {
  const value = claims[key];
  if (!Number.isSafeInteger(value)) {
    const name = key === "iat" ? "iat (issued at)" : "exp (expiration time)";
    throw new Refusal("invalid_grant", `Invalid JWT: ${name} is not set.`, `assertion.${key}`, "is missing or no integer");
  }
  return Number(value);
}

/**
 * @param {string} text
 * @param {string} code
 */
function scopesIn(text, code) {
  const scopes = text.split(" ").filter((one) => one !== "");
  if (scopes.length === 0 || !scopes.every((one) => SCOPES.includes(one))) {
    throw new Refusal(code, "Invalid OAuth scope or ID token audience provided.", "scope", "is missing or not granted");
  }
  return scopes;
}

/**
 * The scopes that a service account's assertion asks for.
 * @param {string} assertion
 * @param {number} now
 * @param {import("./types.mjs").Finding[]} findings
 */
function checkAssertion(assertion, now, findings) {
  const { serviceAccount, publicKey } = credentials.google_ads;
  const parts = assertion.split(".");
  const [head = "", body = "", signature = ""] = parts;
  const [header, claims] = [head, body].map((part) => {
    const json = /^[A-Za-z0-9_-]+$/.test(part) ? readJson(Buffer.from(part, "base64url")) : null;
    return json?.ok && isObject(json.value) ? json.value : null;
  });
  if (parts.length !== 3 || !header || !claims || !/^[A-Za-z0-9_-]+$/.test(signature)) {
    throw new Refusal("invalid_grant", "Bad Request", "assertion", "is not three parts of base64url without padding");
  }
  if (claims.iss !== serviceAccount.client_email) {
    throw new Refusal("invalid_grant", "Invalid grant: account not found", "assertion.iss", "is no known service account");
  }
  const unsigned = /** @type {const} */ (["invalid_grant", "Invalid JWT Signature."]);
  if (header.alg !== "RS256") throw new Refusal(...unsigned, "assertion.alg", "is not RS256");
  if ((header.kid ?? serviceAccount.private_key_id) !== serviceAccount.private_key_id) {
    throw new Refusal(...unsigned, "assertion.kid", "is no key of this account");
  }
  if (!verify("sha256", Buffer.from(`${head}.${body}`), publicKey, Buffer.from(signature, "base64url"))) {
    throw new Refusal(...unsigned, "assertion", "is not signed by the account's key");
  }
  if (claims.aud !== TOKEN_URI) throw new Refusal("invalid_grant", "Invalid JWT: Failed audience check.", "assertion.aud", "is not this endpoint");
  const issued = seconds(claims, "iat");
  const expires = seconds(claims, "exp");
  const clock = now / 1000;
  if (expires - issued > LIFETIME_SECONDS || expires <= issued || issued > clock + TOLERANCE_SECONDS || expires < clock - TOLERANCE_SECONDS) {
    throw new Refusal(
      "invalid_grant",
      "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim.",
      "assertion.iat, .exp", "do not span at most an hour around now",
    );
  }
  if (claims.sub !== undefined) {
    throw new Refusal(
      "unauthorized_client",
      "Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of the scopes requested.",
      "assertion.sub", "asks for a user's rights", 401,
    );
  }
  // Taken without these by the real endpoint, which then tries every key; its documentation asks for both.
  if (header.typ !== "JWT") findings.push({ kind: "jwt_without_typ", where: "assertion" });
  if (header.kid === undefined) findings.push({ kind: "jwt_without_kid", where: "assertion" });
  for (const key of Object.keys(header)) {
    if (!["alg", "typ", "kid"].includes(key)) findings.push({ kind: "unknown_jwt_header", where: "assertion" });
  }
  for (const key of Object.keys(claims)) {
    if (!["iss", "scope", "aud", "iat", "exp"].includes(key)) findings.push({ kind: "unknown_jwt_claim", where: "assertion" });
  }
  return scopesIn(typeof claims.scope === "string" ? claims.scope : "", "invalid_scope");
}

/** @param {Map<string, string>} form */
function checkRefresh(form) {
  const known = credentials.google_ads;
  const client = form.get("client_id");
  if (!client) throw new Refusal("invalid_request", "Could not determine client ID from request.", "client_id", "is missing");
  if (client !== known.clientId) throw new Refusal("invalid_client", "The OAuth client was not found.", "client_id", "is unknown", 401);
  if (form.get("client_secret") !== known.clientSecret) {
    throw new Refusal("invalid_client", "The provided client secret is invalid.", "client_secret", "is missing or wrong", 401);
  }
  const given = form.get("refresh_token");
  if (!given) throw new Refusal("invalid_request", "Missing required parameter: refresh_token", "refresh_token", "is missing");
  if (given !== known.refreshToken) throw new Refusal("invalid_grant", "Bad Request", "refresh_token", "is unknown");
  const asked = form.get("scope");
  return asked === undefined ? SCOPES : scopesIn(asked, "invalid_scope");
}

/** @type {Record<string, string[]>} */
const PARAMETERS = {
  refresh_token: ["grant_type", "client_id", "client_secret", "refresh_token", "scope"],
  [JWT_BEARER]: ["grant_type", "assertion"],
};

/**
 * @param {import("./types.mjs").TwinRequest} request
 * @param {import("./types.mjs").PlatformState} state
 * @returns {import("./types.mjs").Answer}
 */
export function token(request, state) {
  /** @type {import("./types.mjs").Finding[]} */
  const findings = [];
  if (request.query.size > 0) findings.push({ kind: "credential_in_url", where: "query" });
  try {
    const type = mediaType(request.headers);
    const pairs = type === "application/x-www-form-urlencoded" ? [...new URLSearchParams(request.body.toString("utf8"))] : [];
    const form = new Map(pairs);
    if (form.size < pairs.length) {
      throw new Refusal("invalid_request", "OAuth 2 parameters can only have a single value", "body", "has a parameter twice");
    }
    const grant = form.get("grant_type") ?? "";
    const parameters = PARAMETERS[grant];
    if (!parameters) {
      const rule = pairs.length === 0 ? "is missing: the body is no form" : "is unknown";
      throw new Refusal("unsupported_grant_type", `Invalid grant_type: ${grant}`, "grant_type", rule);
    }
    for (const key of form.keys()) if (!parameters.includes(key)) findings.push({ kind: "unknown_parameter", where: "body" });
    const scopes = grant === JWT_BEARER ? checkAssertion(form.get("assertion") ?? "", request.now, findings) : checkRefresh(form);
    if (state.revoked) {
      const description = grant === JWT_BEARER ? "Invalid JWT Signature." : "Token has been expired or revoked.";
      return {
        status: 400, body: { error: "invalid_grant", error_description: description }, verdict: "rejected",
        reason: "credential: revoked by script", scripted: "revoke_token", violations: findings,
      };
    }
    const access = `ya29.twin${randomBytes(24).toString("hex")}`;
    return {
      status: 200,
      headers: { "cache-control": "no-cache, no-store, max-age=0, must-revalidate" },
      body: {
        access_token: access, expires_in: LIFETIME_SECONDS - 1,
        ...(grant === JWT_BEARER ? {} : { scope: scopes.join(" ") }), token_type: "Bearer",
      },
      verdict: "accepted",
      violations: findings,
      commit: () => state.memory.set(`token ${access}`, { scopes, expires: request.now + LIFETIME_SECONDS * 1000 }),
    };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return {
      status: error.status, body: { error: error.code, error_description: error.description }, verdict: "rejected", reason: error.message,
      violations: findings,
    };
  }
}
