// The sentences of the vendor's page "Map and configure your products", done in a browser, in both languages.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { assertClean, languages, settled, stage } from './stage.mjs';

/** @type {Awaited<ReturnType<typeof stage>>} */
let world;
before(async () => { world = await stage(); });
after(async () => { await world.stop(); });

const all = async () => (await world.call('get', '/v1/product-mappings?pageSize=500')).items;
const rowOf = async (code) => (await all()).find((row) => row.code === code);
const line = (page, code) => page.locator(`tr[data-code="${code}"]`);
const dialog = (page) => page.locator('dialog').last();

/** Puts a row into a state by the API, whatever it was. */
async function put(code, change) {
  const { version } = await rowOf(code);
  await world.call('post', '/v1/product-mappings/save', { rows: [{ code, version, ...change }] });
}

/** An unmapped row, and a product that nothing is mapped to. */
async function anUnmapped() {
  const rows = await all();
  const row = rows.find((one) => one.state === 'unmapped' || one.state === 'removed');
  assert.ok(row, 'the demo has an unmapped product');
  return row;
}

/** A product of ConnectWise that is available and unused. */
async function aFreeProduct() {
  const taken = new Set((await all()).map((row) => row.psaProductId));
  const { items } = await world.call('get', '/v1/psa/products/search?text=SEC-');
  const free = items.find((one) => !taken.has(one.id)) ?? items[0];
  assert.ok(free);
  return free;
}

async function saveAll(page, n) {
  await page.locator('#save').click();
  await page.locator('#save-do').click();
  await page.getByText(page.t('configure.saved', { n })).waitFor();
}

for (const language of languages) {
  describe(language, () => {
    const open = async (more = {}) => {
      const page = await world.open({ language, ...more });
      await settled(page);
      return page;
    };

    test('the page has a row per Sophos product, four columns, and the buttons Add product to PSA, Sync settings and Save', async () => {
      const page = await open();
      for (const key of ['configure.sophos', 'configure.psa', 'configure.details', 'configure.sync']) await page.getByRole('columnheader', { name: page.t(key), exact: true }).waitFor();
      for (const key of ['product.add', 'settings.sync', 'save.none']) await page.getByRole('button', { name: page.t(key), exact: true }).waitFor();
      assert.equal(await page.locator('tr[data-code]').count(), (await all()).length);
      await page.getByText(page.t('help.title')).click();
      await page.getByText(page.t('help.wayIn')).waitFor();
      assertClean(page);
    });

    test('the edit icon opens the dialog; from two characters on a list is offered; Apply stages; Save stores and switches sync on', async () => {
      const { code } = await anUnmapped();
      const page = await open();
      await line(page, code).getByRole('button', { name: /ConnectWise/ }).first().click();
      await dialog(page).getByRole('heading', { name: page.t('map.title') }).waitFor();
      const box = page.getByRole('combobox', { name: page.t('map.label') });
      await box.pressSequentially('m');
      await page.waitForTimeout(300);
      assert.equal(await page.getByRole('option').count(), 0, 'one character offers nothing');
      await box.pressSequentially('anaged');
      await page.getByRole('option').first().waitFor();
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Enter');
      await dialog(page).locator('.chosen').waitFor();
      if (await dialog(page).getByRole('radio').count()) await dialog(page).getByRole('radio').first().check();
      await dialog(page).getByRole('button', { name: page.t('apply'), exact: true }).click();
      await line(page, code).getByText(page.t('row.unsaved')).waitFor();
      assert.equal((await rowOf(code)).psaProductId, undefined, 'nothing is stored before Save');
      await saveAll(page, 1);
      const stored = await rowOf(code);
      assert.deepEqual([stored.state, stored.sync], ['mapped', true]);
      assertClean(page);
      await put(code, { unmap: true });
    });

    test('a full name or identifier that matches exactly one product is accepted by Enter', async () => {
      const { code } = await anUnmapped();
      const free = await aFreeProduct();
      const page = await open();
      await page.locator(`[id="map-${code}"]`).click();
      await page.keyboard.type(free.identifier);
      await page.keyboard.press('Enter');
      await dialog(page).locator('.chosen').getByText(free.identifier, { exact: true }).waitFor();
      assertClean(page);
    });

    test('a second Sophos product on one ConnectWise product asks how to combine, without a default', async () => {
      const rows = await all();
      const taken = rows.find((row) => row.state === 'mapped' && !row.combine && rows.filter((one) => one.psaProductId === row.psaProductId).length === 1);
      const product = await world.call('get', `/v1/psa/products/${taken.psaProductId}`);
      const { code } = await anUnmapped();
      const page = await open();
      await page.locator(`[id="map-${code}"]`).click();
      await page.keyboard.type(product.identifier);
      await page.keyboard.press('Enter');
      await dialog(page).getByRole('radio').first().waitFor();
      assert.equal(await dialog(page).getByRole('radio', { checked: true }).count(), 0);
      await dialog(page).getByRole('button', { name: page.t('apply'), exact: true }).click();
      await dialog(page).getByText(page.t('combine.chooseFirst')).waitFor();
      await dialog(page).getByRole('radio', { name: page.t('combine.takeLargest') }).check();
      await dialog(page).getByRole('button', { name: page.t('apply'), exact: true }).click();
      await line(page, code).getByText(page.t('combine.takeLargest')).waitFor();
      assertClean(page);
    });

    test('leaving with unsaved rows warns, and staying keeps them', async () => {
      const rows = await all();
      const row = rows.find((one) => one.state === 'mapped');
      const page = await open();
      await page.locator(`[id="sync-${row.code}"]`).click();
      await page.getByRole('link', { name: page.t('nav.history') }).click();
      await page.getByText(page.t('leave.text', { n: 1 })).waitFor();
      await page.getByRole('button', { name: page.t('leave.no') }).click();
      await line(page, row.code).getByText(page.t('row.unsaved')).waitFor();
      await page.getByRole('link', { name: page.t('nav.history') }).click();
      await page.getByRole('button', { name: page.t('leave.yes'), exact: true }).click();
      await page.getByRole('heading', { name: page.t('nav.history'), level: 1 }).waitFor();
      assertClean(page);
    });

    test('the plus icon of an unmapped row opens Add product to PSA; Apply creates it; Save maps it; a price below zero is refused', async () => {
      const { code } = await anUnmapped();
      const identifier = `NEW-${language}-${Date.now()}`;
      const page = await open();
      await line(page, code).getByRole('button', { name: page.t('row.add', { name: (await rowOf(code)).description ?? code }) }).click();
      const form = dialog(page);
      await form.getByLabel(`${page.t('product.identifier')} *`).fill(identifier);
      await form.getByLabel(page.t('product.price'), { exact: true }).fill('-1');
      for (const key of ['product.subcategoryId', 'product.typeId']) await form.getByLabel(`${page.t(key)} *`).selectOption({ index: 1 });
      await form.getByRole('button', { name: page.t('apply'), exact: true }).click();
      await form.getByText(page.t('form.belowZero')).waitFor();
      await form.getByLabel(page.t('product.price'), { exact: true }).fill(language === 'it' ? '4,50' : '4.50');
      await form.getByRole('button', { name: page.t('apply'), exact: true }).click();
      await page.getByText(page.t('product.createdStaged', { name: identifier })).waitFor();
      assert.equal((await rowOf(code)).state !== 'mapped', true, 'not mapped until Save');
      await saveAll(page, 1);
      const created = await world.call('get', `/v1/psa/products/${(await rowOf(code)).psaProductId}`);
      assert.deepEqual([created.identifier, Number(created.price)], [identifier, 4.5]);
      assertClean(page);
      await put(code, { unmap: true });
    });

    test('the details icon opens View, from there Edit; the form warns against changing the customer description', async () => {
      const row = (await all()).find((one) => one.state === 'mapped' && one.sync);
      const page = await open();
      await line(page, row.code).getByRole('button', { name: page.t('row.view', { name: row.description ?? row.code }) }).click();
      await dialog(page).getByRole('heading', { name: page.t('product.view') }).waitFor();
      await dialog(page).getByRole('button', { name: page.t('product.editButton') }).click();
      const form = dialog(page);
      await form.getByLabel(`${page.t('product.customerDescription')} *`).fill(`Protection ${language} ${Date.now()}`);
      await form.getByText(page.t('product.customerDescriptionWarning')).waitFor();
      await form.getByLabel(page.t('product.price'), { exact: true }).fill('6');
      await form.getByRole('button', { name: page.t('apply'), exact: true }).click();
      await page.waitForFunction(() => document.querySelectorAll('dialog').length === 1);
      assert.equal(Number((await world.call('get', `/v1/psa/products/${row.psaProductId}`)).price), 6);
      assertClean(page);
    });

    test('removing the mapping switches that sync off; it cannot be switched on while nothing is mapped', async () => {
      const row = (await all()).find((one) => one.state === 'mapped' && one.sync && !one.combine);
      const page = await open();
      await page.locator(`[id="map-${row.code}"]`).click();
      await dialog(page).getByText(page.t('map.other')).click();
      await dialog(page).getByRole('button', { name: page.t('map.remove'), exact: true }).click();
      const toggle = page.locator(`[id="sync-${row.code}"]`);
      assert.equal(await toggle.getAttribute('aria-checked'), 'false');
      await toggle.click({ force: true });
      assert.equal(await toggle.getAttribute('aria-checked'), 'false');
      await toggle.getByText(page.t('sync.mapFirst')).waitFor();
      await page.locator('#save').click();
      await page.locator('#save-do').click();
      await page.getByText(page.t('configure.saved', { n: 1 })).waitFor();
      assert.deepEqual([(await rowOf(row.code)).state, (await rowOf(row.code)).sync], ['removed', false]);
      assertClean(page);
      await put(row.code, { mapTo: row.psaProductId });
    });

    test('a toggle is stored with Save', async () => {
      const row = (await all()).find((one) => one.state === 'mapped' && one.sync);
      const page = await open();
      await page.locator(`[id="sync-${row.code}"]`).click();
      assert.equal((await rowOf(row.code)).sync, true);
      await saveAll(page, 1);
      assert.equal((await rowOf(row.code)).sync, false);
      assertClean(page);
      await put(row.code, { sync: true });
    });

    test('a mapped product that is inactive in ConnectWise is flagged, its sync shown as paused, the mapping kept', async () => {
      const row = (await all()).find((one) => one.state === 'mapped' && one.sync);
      await world.call('patch', `/v1/psa/products/${row.psaProductId}`, { inactive: true });
      const page = await open({ hash: '#/configure?show=broken' });
      await line(page, row.code).getByText(page.t('broken.inactive')).waitFor();
      await page.locator(`[id="sync-${row.code}"]`).getByText(page.t('sync.paused')).waitFor();
      assert.equal((await rowOf(row.code)).psaProductId, row.psaProductId);
      assertClean(page);
      await world.call('patch', `/v1/psa/products/${row.psaProductId}`, { inactive: false });
    });
  });
}
