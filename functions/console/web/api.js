// Calls of the HTTP API, typed by its document. Who signs in is kept here, in memory only.

import { language } from './language.js';

/** @typedef {import('../types').Problem} Problem */
/** @typedef {import('../types').Method} Method */
/** @template {Method} M @typedef {import('../types').PathOf<M>} PathOf */
/** @template {Method} M @template {PathOf<M>} P @typedef {import('../types').Answer<M, P>} Answer */
/** @template {Method} M @template {PathOf<M>} P @typedef {import('../types').Options<M, P>} Options */

let token = '';
/** @type {Set<string>} */
let scopes = new Set();
/** @type {() => Promise<boolean>} */
let renew = async () => false;

/** The API refused a call, or did not answer. */
export class Refused extends Error {
  /** @param {Problem} problem */
  constructor(problem) {
    super(problem.code);
    this.problem = problem;
  }
}

/** Calls are made with this token from now on. `again` is asked for a new one when it is refused.
 * @param {string} given
 * @param {() => Promise<boolean>} again */
export function signIn(given, again) {
  token = given;
  renew = again;
  scopes = new Set(scopesOf(given));
}

/** Whether the person may do what asks for this scope: buttons that would be refused are not shown.
 * @param {'psa/read' | 'psa/write' | 'psa/admin'} scope */
export const may = (scope) => scopes.has(scope);

/** @param {string} jwt */
function scopesOf(jwt) {
  const base64 = (jwt.split('.')[1] ?? '').replace(/-/g, '+').replace(/_/g, '/');
  const claims = JSON.parse(atob(base64));
  const given = claims.scope ?? claims.scp ?? '';
  return /** @type {string[]} */ (Array.isArray(given) ? given : given.split(' '));
}

/** A new key for a request that must take effect once, however often it is sent. */
export const newKey = () => crypto.randomUUID();

/** Calls an operation and gives what it answers.
 * @template {Method} M
 * @template {PathOf<M>} P
 * @param {M} method
 * @param {P} path
 * @param {Options<M, P>} [options]
 * @returns {Promise<Answer<M, P>>}
 * @throws {Refused} */
export async function call(method, path, options = {}) {
  return (await callWithTag(method, path, options)).body;
}

/** The same with the entity tag, on which a change of what is answered is based, and the key of the next page of a sheet.
 * @template {Method} M
 * @template {PathOf<M>} P
 * @param {M} method
 * @param {P} path
 * @param {Options<M, P>} [options]
 * @returns {Promise<{ body: Answer<M, P>, tag: string, next: string }>}
 * @throws {Refused} */
export async function callWithTag(method, path, options = {}) {
  const url = addressOf(String(path), /** @type {any} */ (options.path), /** @type {any} */ (options.query));
  const send = () => fetch(url, {
    method: String(method).toUpperCase(),
    headers: headersOf(options),
    body: options.body === undefined ? undefined : JSON.stringify(options.body),
    signal: options.signal,
  });
  let response = await answered(send);
  if (response.status === 401 && (await renew())) response = await answered(send);
  const kind = response.headers.get('content-type') ?? '';
  const body = /json/.test(kind) ? await response.json() : await response.text();
  if (!response.ok) throw new Refused(body.code ? body : { code: 'unavailable', status: response.status });
  return { body, tag: response.headers.get('etag') ?? '', next: response.headers.get('x-next-page-key') ?? '' };
}

/** All items of a list, page by page.
 * @template {PathOf<'get'>} P
 * @param {P} path
 * @param {Record<string, string | number | boolean | undefined>} [query]
 * @param {Record<string, string>} [variables] of the path
 * @returns {Promise<Answer<'get', P> extends { items: (infer I)[] } ? I[] : never>} */
export async function all(path, query = {}, variables = {}) {
  const items = [];
  /** @type {string | undefined} */
  let next;
  do {
    const page = /** @type {{ items: unknown[], pages: { nextKey?: string } }} */ (/** @type {unknown} */ (
      await call('get', path, /** @type {any} */ ({ path: variables, query: { ...query, pageFromKey: next } }))));
    items.push(...page.items);
    next = page.pages.nextKey ?? undefined;
  } while (next);
  return /** @type {any} */ (items);
}

/** @param {() => Promise<Response>} send */
async function answered(send) {
  try {
    return await send();
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new Refused({ code: 'offline' });
  }
}

/** @param {{ version?: string, key?: string, body?: unknown }} options */
function headersOf(options) {
  /** @type {Record<string, string>} */
  const headers = { authorization: `Bearer ${token}`, 'accept-language': language() };
  if (options.body !== undefined) headers['content-type'] = 'application/json';
  if (options.version) headers['if-match'] = options.version;
  if (options.key) headers['idempotency-key'] = options.key;
  return headers;
}

/** @param {string} path
 * @param {Record<string, string | number> | undefined} variables
 * @param {Record<string, unknown> | undefined} query */
function addressOf(path, variables = {}, query = {}) {
  const filled = path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(String(variables[name])));
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return text ? `${filled}?${text}` : filled;
}
