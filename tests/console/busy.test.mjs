// A ConnectWise that is busy, broken or slow, and a page at twice its size.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { assertClean, settled, stage } from './stage.mjs';

/** @type {Awaited<ReturnType<typeof stage>>} */
let world;
before(async () => { world = await stage(); });
after(async () => { await world.stop(); });

const SEARCH = '**/v1/psa/products/search?*';
const busy = (status, code) => ({ status, contentType: 'application/problem+json', body: JSON.stringify({ type: 'about:blank', status, code, title: `ConnectWise says ${status}`, advice: 'Wait a little.', retryable: true }) });

async function openMap() {
  const page = await world.open();
  await settled(page);
  await page.locator('[id^="map-"]').first().click();
  return page;
}

test('what ConnectWise refuses is shown at the search with what to do, and typing on searches again', async () => {
  const page = await openMap();
  for (const [status, code] of [[503, 'psaBusy'], [502, 'psaUnreachable']]) {
    await page.route(SEARCH, (route) => route.fulfill(busy(status, code)), { times: 1 });
    await page.getByRole('combobox').fill(`SEC-${status}`);
    await page.getByRole('dialog').getByRole('alert').getByText(`ConnectWise says ${status}`).waitFor();
    await page.getByRole('alert').getByText('Wait a little.').waitFor();
  }
  await page.getByRole('combobox').fill('SEC-C');
  await page.getByRole('option').first().waitFor();
  assert.equal(await page.getByRole('alert').count(), 0);
  assert.deepEqual(page.faults.filter((fault) => !/status of 50[23]/.test(fault)), []);
});

test('an answer that comes late never replaces that of a newer search', async () => {
  const page = await openMap();
  let release = () => undefined;
  const held = new Promise((resolve) => { release = resolve; });
  await page.route(SEARCH, async (route) => {
    if (!route.request().url().endsWith('SEC')) return route.continue();
    await held;
    return route.continue().catch(() => undefined);
  });
  const box = page.getByRole('combobox');
  await box.fill('SEC');
  await page.getByText(page.t('combo.searching')).waitFor();
  await box.fill('SEC-CIXE');
  await page.getByRole('option').first().waitFor();
  release();
  await page.waitForLoadState('networkidle');
  for (const option of await page.getByRole('option').all()) assert.match(await option.textContent(), /SEC-CIXE/);
  assertClean(page);
});

test('at twice its size no screen scrolls sideways', async () => {
  for (const screen of ['month', 'configure', 'customers', 'history', 'settings']) {
    const page = await world.open({ hash: `#/${screen}`, width: 640, height: 400, language: 'it' });
    await settled(page);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(wide <= 640, `${screen}: ${wide} px wide`);
    await page.context().close();
  }
});
