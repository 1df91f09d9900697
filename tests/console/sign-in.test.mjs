// Signing in as it is deployed: authorization code with PKCE at an issuer, which Chromium meets as a played one.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import { settled, stage } from './stage.mjs';

const ISSUER = 'https://issuer.localhost';
const CLIENT = 'psa-usage-sync';

/** @type {Awaited<ReturnType<typeof stage>>} */
let world;
before(async () => { world = await stage(); });
after(async () => { await world.stop(); });

const base64url = (text) => Buffer.from(text).toString('base64url');

/** An issuer that lets everybody in with this token, and what it was asked. */
async function playIssuer(context, token) {
  const asked = {};
  const cors = { 'access-control-allow-origin': '*' };
  await context.route('**/console/config.json', (route) => route.fulfill({ json: { issuer: ISSUER, clientId: CLIENT } }));
  await context.route(`${ISSUER}/**`, async (route) => {
    const url = new URL(route.request().url());
    if (url.pathname === '/.well-known/openid-configuration') {
      return route.fulfill({ headers: cors, json: { issuer: ISSUER, authorization_endpoint: `${ISSUER}/authorize`, token_endpoint: `${ISSUER}/token`, jwks_uri: `${ISSUER}/jwks` } });
    }
    if (url.pathname === '/authorize') {
      asked.authorize = Object.fromEntries(url.searchParams);
      const back = `${asked.authorize.redirect_uri}?code=the-code&state=${encodeURIComponent(asked.authorize.state)}`;
      return route.fulfill({ contentType: 'text/html', body: `<script>location.replace(${JSON.stringify(back)})</script>` });
    }
    asked.token = Object.fromEntries(new URLSearchParams(route.request().postData()));
    const now = Math.floor(Date.now() / 1000);
    const claims = { iss: ISSUER, aud: CLIENT, sub: 'demo', iat: now, exp: now + 300, nonce: asked.authorize.nonce };
    const id = [{ alg: 'RS256', typ: 'JWT' }, claims].map((part) => base64url(JSON.stringify(part))).join('.');
    return route.fulfill({ headers: cors, json: { access_token: token, token_type: 'Bearer', expires_in: 300, id_token: `${id}.${base64url('not checked')}` } });
  });
  return asked;
}

test('a person signs in by code and PKCE, comes back to the same view, and no storage holds the token', async () => {
  const context = await world.browser.newContext({ locale: 'en' });
  const page = await context.newPage();
  const { token } = await (await fetch(`${world.address}config.json`)).json();
  const asked = await playIssuer(context, token);
  await page.goto(`${world.address}#/configure?show=mapped`);
  await page.locator('tr[data-code]:not([hidden])').first().waitFor();
  await settled(page);
  assert.equal(page.url(), `${world.address}#/configure?show=mapped`, 'neither code nor state is left in the address');
  assert.equal(asked.authorize.response_type, 'code');
  assert.equal(asked.authorize.code_challenge_method, 'S256');
  assert.equal(asked.authorize.code_challenge, createHash('sha256').update(asked.token.code_verifier).digest('base64url'));
  assert.deepEqual([asked.token.grant_type, asked.token.code, asked.token.client_id], ['authorization_code', 'the-code', CLIENT]);
  const stored = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]));
  assert.ok(!stored.includes(token) && !stored.includes(asked.token.code_verifier), stored);
  await context.close();
});

test('an answer with another state than was sent is refused', async () => {
  const context = await world.browser.newContext({ locale: 'en' });
  const page = await context.newPage();
  const { token } = await (await fetch(`${world.address}config.json`)).json();
  await playIssuer(context, token);
  await page.goto(`${world.address}#/configure`);
  await page.locator('tr[data-code]').first().waitFor();
  await page.evaluate(() => sessionStorage.setItem('sign-in', JSON.stringify({ verifier: 'v'.repeat(43), state: 'mine', nonce: 'n', hash: '' })));
  await page.goto(`${world.address}?code=stolen&state=theirs`);
  await page.getByRole('alert').waitFor();
  assert.equal(await page.locator('tr[data-code]').count(), 0);
  await context.close();
});

test('an expired sign-in that cannot be renewed asks to sign in again and keeps what is not saved', async () => {
  const context = await world.browser.newContext({ locale: 'en' });
  const page = await context.newPage();
  const { token } = await (await fetch(`${world.address}config.json`)).json();
  await playIssuer(context, token);
  await page.goto(`${world.address}#/configure`);
  const toggle = page.locator('[role=switch][aria-checked=true]').first();
  await toggle.waitFor();
  const id = await toggle.getAttribute('id');
  await toggle.click();
  await page.route('**/v1/product-mappings/save', (route) => route.fulfill({ status: 401, contentType: 'application/json', body: '{"message":"Unauthorized"}' }), { times: 1 });
  await page.locator('#save').click();
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('button', { name: 'Sign in again' }).click();
  await page.locator(`[id="${id}"]`).waitFor();
  assert.equal(await page.locator(`[id="${id}"]`).getAttribute('aria-checked'), 'false');
  await page.getByRole('button', { name: 'Save 1 row' }).waitFor();
  await context.close();
});
