// Every screen and dialog: accessible in light, dark and forced colours, no English on Italian screens, nothing cut off at
// 320 px; and pictures of all of them, for people to look at.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { assertClean, catalogues, english, picture, settled, stage, textsOf, violations } from './stage.mjs';

/** @type {Awaited<ReturnType<typeof stage>>} */
let world;
before(async () => {
  world = await stage();
  const preview = await world.call('post', '/v1/sync/previews', {});
  for (let state = 'running'; state === 'running';) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    ({ state } = await world.call('get', `/v1/sync/runs/${preview.runId}`));
  }
});
after(async () => { await world.stop(); });

const click = (selector) => (page) => page.locator(selector).first().click();

/** Each by its name: the address, and how a dialog is opened there. */
const views = {
  configure: ['#/configure'],
  'configure-map': ['#/configure', click('[id^="map-"]')],
  'configure-combobox': ['#/configure', async (page) => {
    await click('[id^="map-"]')(page);
    await page.keyboard.type('Man');
    await page.getByRole('option').first().waitFor();
    await page.keyboard.press('ArrowDown');
  }],
  'configure-add': ['#/configure', async (page) => {
    await page.getByRole('button', { name: page.t('product.add'), exact: true }).click();
    await page.locator('#new-identifier').waitFor();
  }],
  'configure-view': ['#/configure?show=mapped', (page) => page.locator('tr:not([hidden]) td.middle button').first().click()],
  'configure-edit': ['#/configure?show=mapped', async (page) => {
    await page.locator('tr:not([hidden]) td.middle button').first().click();
    await page.getByRole('button', { name: page.t('product.editButton') }).click();
    await page.locator('#edit-identifier').waitFor();
  }],
  'configure-save': ['#/configure?show=mapped', async (page) => {
    for (const toggle of (await page.locator('tr:not([hidden]) [role=switch][aria-checked=true]').all()).slice(0, 2)) await toggle.click();
    await page.locator('#save').click();
    await page.locator('#save-do').waitFor();
  }],
  'configure-sync-settings': ['#/configure', (page) => page.getByRole('button', { name: page.t('settings.sync'), exact: true }).click()],
  customers: ['#/customers'],
  'customers-map': ['#/customers?show=unmapped', click('tbody .icon-button')],
  history: ['#/history'],
  'history-run': ['#/history', click('tbody th a')],
  'history-edits': ['#/history?tab=edits'],
  settings: ['#/settings'],
  'settings-connect': ['#/settings', (page) => page.getByRole('button', { name: page.t('connection.connect') }).first().click()],
};

async function show(name, options) {
  const [hash, act] = views[name];
  const page = await world.open({ hash, ...options });
  await settled(page);
  if (act) {
    await act(page);
    await settled(page);
  }
  return page;
}

const looks = {
  light: { colorScheme: 'light', forcedColors: 'none' },
  dark: { colorScheme: 'dark', forcedColors: 'none' },
  forced: { colorScheme: 'light', forcedColors: 'active' },
};

describe('accessible in light, dark and forced colours', () => {
  for (const name of Object.keys(views)) {
    test(name, async () => {
      const page = await show(name, {});
      for (const [look, media] of Object.entries(looks)) {
        await page.emulateMedia(media);
        await picture(page, `${name}-${look}`);
        assert.deepEqual(await violations(page), [], look);
      }
      assertClean(page);
      await page.context().close();
    });
  }
});

test('both catalogues have the same messages with the same values', () => {
  const values = (message) => JSON.stringify([...new Set([...JSON.stringify(message).matchAll(/\{(\w+)\}/g)].map((found) => found[1]))].sort());
  assert.deepEqual(Object.keys(catalogues.it), Object.keys(catalogues.en));
  for (const key of Object.keys(catalogues.en)) assert.equal(values(catalogues.it[key]), values(catalogues.en[key]), key);
});

describe('Italian, narrow', () => {
  const patterns = english();
  for (const name of Object.keys(views)) {
    test(name, async () => {
      const page = await show(name, { language: 'it', width: 320, height: 640 });
      await picture(page, `${name}-it-320`);
      const texts = await textsOf(page);
      assert.deepEqual(texts.filter((text) => patterns.some((pattern) => pattern.test(text))), []);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(wide <= 320, `${wide} px wide`);
      assertClean(page);
      await page.context().close();
    });
  }
});
