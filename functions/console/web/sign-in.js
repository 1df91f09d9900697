// Signs a person in: by the issuer's page with authorization code and PKCE, or on the local stack by the token that it
// hands out. The token is kept in memory only; a new page signs in again.

import { signIn } from './api.js';

/** @typedef {{ token?: string, issuer?: string, clientId?: string }} Config */
/** @typedef {{ verifier: string, state: string, nonce: string, hash: string }} Started */

const STARTED = 'sign-in';
const SCOPES = 'openid psa/read psa/write psa/admin';

/** @returns {Promise<Config>} */
async function readConfig() {
  const response = await fetch('/console/config.json', { cache: 'no-store' });
  if (!response.ok) throw new Error(`config.json: ${response.status}`);
  return response.json();
}

/** Signs in, or leaves for the issuer's page. `expired` is called when a token is refused and no new one can be had.
 * @param {() => void} expired
 * @returns {Promise<boolean>} whether the person is signed in; otherwise the browser is on its way to the issuer */
export async function start(expired) {
  const config = await readConfig();
  if (config.token) {
    const again = async () => {
      const { token } = await readConfig();
      if (token) signIn(token, again);
      return Boolean(token);
    };
    signIn(config.token, again);
    return true;
  }
  return signInAtIssuer(config, expired);
}

/** @param {Config} config @param {() => void} expired */
async function signInAtIssuer({ issuer: name = '', clientId = '' }, expired) {
  const oauth = await import('./vendor/oauth4webapi/build/index.js');
  const issuer = new URL(name);
  const found = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer));
  const client = { client_id: clientId };
  const here = `${location.origin}/console/`;
  const stored = sessionStorage.getItem(STARTED);
  if (!stored || !new URLSearchParams(location.search).has('state')) {
    const verifier = oauth.generateRandomCodeVerifier();
    /** @type {Started} */
    const started = { verifier, state: oauth.generateRandomState(), nonce: oauth.generateRandomNonce(), hash: location.hash };
    sessionStorage.setItem(STARTED, JSON.stringify(started));
    const to = new URL(found.authorization_endpoint ?? '');
    to.search = new URLSearchParams({
      response_type: 'code', client_id: clientId, redirect_uri: here, scope: SCOPES, state: started.state, nonce: started.nonce,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256',
    }).toString();
    location.assign(to);
    return false;
  }
  /** @type {Started} */
  const started = JSON.parse(stored);
  sessionStorage.removeItem(STARTED);
  const answer = oauth.validateAuthResponse(found, client, new URL(location.href), started.state);
  const response = await oauth.authorizationCodeGrantRequest(found, client, oauth.None(), answer, here, started.verifier);
  const granted = await oauth.processAuthorizationCodeResponse(found, client, response, { expectedNonce: started.nonce });
  history.replaceState(null, '', `/console/${started.hash}`);
  let refresh = granted.refresh_token;
  const again = async () => {
    if (refresh) {
      const renewed = await oauth.refreshTokenGrantRequest(found, client, oauth.None(), refresh)
        .then((reply) => oauth.processRefreshTokenResponse(found, client, reply)).catch(() => null);
      if (renewed) {
        refresh = renewed.refresh_token ?? refresh;
        signIn(renewed.access_token, again);
        return true;
      }
    }
    expired();
    return false;
  };
  signIn(granted.access_token, again);
  return true;
}
