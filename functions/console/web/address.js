// The address of a view: which screen, and what is filtered and selected there. It can be sent to somebody else.

/** @typedef {{ screen: string, params: Record<string, string> }} Address */

/** What the address bar says now.
 * @returns {Address} */
export function address() {
  const [path, query] = location.hash.replace(/^#\/?/, '').split('?');
  return { screen: path || '', params: Object.fromEntries(new URLSearchParams(query)) };
}

/** The address of a screen with parameters; empty ones are left out.
 * @param {string} screen
 * @param {Record<string, string | undefined>} [params] */
export function link(screen, params = {}) {
  const given = Object.entries(params).filter(([, value]) => value);
  const query = new URLSearchParams(/** @type {[string, string][]} */ (given)).toString();
  return `#/${screen}${query ? `?${query}` : ''}`;
}

/** Changes parameters of the present address without a new entry in the browser's history: filters follow the typing.
 * @param {Record<string, string | undefined>} params */
export function setParams(params) {
  const now = address();
  history.replaceState(null, '', link(now.screen, { ...now.params, ...params }));
}
