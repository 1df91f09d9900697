// Two people at one row, a lost connection in the middle of Save, an expired token, and names that are markup.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { assertClean, settled, stage } from './stage.mjs';

/** @type {Awaited<ReturnType<typeof stage>>} */
let world;
before(async () => { world = await stage(); });
after(async () => { await world.stop(); });

const rows = async () => (await world.call('get', '/v1/product-mappings?pageSize=500')).items;
const rowOf = async (code) => (await rows()).find((row) => row.code === code);
const synced = async () => (await rows()).filter((row) => row.state === 'mapped' && row.sync);

test('a row that somebody else changed shows theirs beside mine, and nothing of the request is stored', async () => {
  const [first, second] = await synced();
  const page = await world.open();
  await settled(page);
  const other = await world.open();
  await settled(other);
  await other.locator(`[id="sync-${first.code}"]`).click();
  await other.locator('#save').click();
  await other.locator('#save-do').click();
  await other.getByText(other.t('configure.saved', { n: 1 })).waitFor();
  await page.locator(`[id="sync-${first.code}"]`).click();
  await page.locator(`[id="sync-${second.code}"]`).click();
  await page.locator('#save').click();
  await page.getByText(page.t('conflict.told', { n: 1 })).waitFor();
  assert.equal((await rowOf(second.code)).sync, true, 'nothing of the request is stored');
  await page.getByRole('group', { name: page.t('conflict.of', { name: first.description ?? first.code }) }).getByText('demo').waitFor();
  await page.getByRole('button', { name: page.t('conflict.takeTheirs') }).click();
  await page.locator('#save').click();
  await page.locator('#save-do').click();
  await page.getByText(page.t('configure.saved', { n: 1 })).waitFor();
  assert.deepEqual([(await rowOf(first.code)).sync, (await rowOf(second.code)).sync], [false, false]);
  assertClean(page);
});

test('a connection lost in the middle of Save has exactly one effect', async () => {
  const [row] = await synced();
  const page = await world.open();
  await settled(page);
  await page.locator(`[id="sync-${row.code}"]`).click();
  await page.locator('#save').click();
  await page.locator('#save-do').waitFor();
  // The request arrives, its answer does not.
  await page.route('**/v1/product-mappings/save', async (route) => {
    await route.fetch();
    await route.abort('connectionreset');
  }, { times: 1 });
  await page.locator('#save-do').click();
  await page.getByText(page.t('problem.offline')).waitFor();
  await page.locator('#save-do').click();
  await page.getByText(page.t('configure.saved', { n: 1 })).waitFor();
  assert.equal((await rowOf(row.code)).version, row.version + 1);
  assert.deepEqual(page.faults.filter((fault) => !fault.includes('ERR_CONNECTION_RESET')), []);
});

test('an expired token is renewed without losing what was staged', async () => {
  const [row] = await synced();
  const page = await world.open();
  await settled(page);
  await page.locator(`[id="sync-${row.code}"]`).click();
  await page.route('**/v1/product-mappings/save', (route) => route.fulfill({ status: 401, contentType: 'application/json', body: '{"message":"Unauthorized"}' }), { times: 1 });
  await page.locator('#save').click();
  await page.locator('#save-do').click();
  await page.getByText(page.t('configure.saved', { n: 1 })).waitFor();
  assert.equal((await rowOf(row.code)).sync, false);
});

test('a product whose name is markup stays text', async () => {
  const markup = '<img src=x onerror=alert(1)>';
  const choices = await world.call('get', '/v1/psa/products/choices');
  const created = await world.call('post', '/v1/psa/products', {
    identifier: `MARKUP-${Date.now()}`, description: markup, customerDescription: markup, subcategoryId: choices.subcategories[0].id, typeId: choices.types[0].id,
  });
  const row = (await rows()).find((one) => one.state === 'unmapped' || one.state === 'removed');
  await world.call('post', '/v1/product-mappings/save', { rows: [{ code: row.code, version: row.version, mapTo: created.id }] });
  const page = await world.open();
  await page.locator(`tr[data-code="${row.code}"]`).getByText(markup).waitFor();
  await page.locator(`[id="map-${row.code}"]`).click();
  await page.keyboard.type('MARKUP');
  await page.getByRole('option').getByText(markup).first().waitFor();
  assert.equal(await page.locator('img').count(), 0);
  assertClean(page);
});

test('who may only read sees no button that would be refused', async () => {
  const page = await world.open({ scope: 'psa/read' });
  await settled(page);
  for (const key of ['product.add', 'save.none']) assert.equal(await page.getByRole('button', { name: page.t(key), exact: true }).count(), 0, key);
  assert.equal(await page.locator('[id^="map-"]').count(), 0);
  const toggles = page.getByRole('switch');
  assert.equal(await toggles.count(), await page.locator('[role=switch][aria-disabled=true]').count());
  assertClean(page);
});
