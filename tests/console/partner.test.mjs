// Customers, History and Settings: what is done there is what the API has afterwards, and an address shows the same view again.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { assertClean, languages, settled, stage } from './stage.mjs';

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

const customers = async () => (await world.call('get', '/v1/customer-mappings?pageSize=500')).items;
const customerOf = async (id) => (await customers()).find((one) => one.customerId === id);

async function save(page) {
  await page.locator('#save').click();
  await page.locator('#save-do').click();
  await page.getByText(page.t('configure.saved', { n: 1 })).waitFor();
}

for (const language of languages) {
  test(`${language}: a suggested company is accepted in one click and stored with Save`, async () => {
    const waiting = (await customers()).find((one) => !one.mapping && one.syncAvailable);
    const page = await world.open({ language, hash: '#/customers?show=unmapped' });
    await settled(page);
    await page.getByRole('button', { name: page.t('customers.suggest') }).click();
    await page.locator('button.accept').first().click();
    assert.equal((await customerOf(waiting.customerId)).mapping ?? null, null, 'nothing is stored before Save');
    await save(page);
    const stored = await customerOf(waiting.customerId);
    assert.equal(stored.mapping.sync, true);
    assertClean(page);
    await world.call('post', '/v1/customer-mappings/save', { rows: [{ customerId: stored.customerId, version: stored.version, unmap: true }] });
  });

  test(`${language}: a customer is mapped by a company's exact name and one of its active agreements, and unmapped again`, async () => {
    const waiting = (await customers()).find((one) => !one.mapping && one.syncAvailable);
    const page = await world.open({ language, hash: '#/customers?show=unmapped' });
    await settled(page);
    await page.getByRole('button', { name: page.t('customers.map', { name: waiting.name }) }).click();
    await page.keyboard.type(waiting.name);
    await page.keyboard.press('Enter');
    await page.getByRole('radio', { checked: true }).and(page.locator('dialog input')).waitFor();
    await page.getByRole('button', { name: page.t('apply'), exact: true }).click();
    await save(page);
    assert.ok((await customerOf(waiting.customerId)).mapping);
    await page.getByRole('searchbox').fill(waiting.name);
    await page.locator('.chip[data-value=all]').click();
    await page.getByRole('button', { name: page.t('customers.map', { name: waiting.name }) }).click();
    await page.getByRole('button', { name: page.t('map.remove'), exact: true }).click();
    await save(page);
    assert.equal((await customerOf(waiting.customerId)).mapping ?? null, null);
    assertClean(page);
  });

  test(`${language}: frequency and guards are saved, and what somebody else saved meanwhile is told`, async () => {
    const page = await world.open({ language, hash: '#/settings' });
    await settled(page);
    await page.getByRole('radio', { name: page.t('frequency.monthly') }).check();
    await page.locator('#frequency-day').fill('28');
    await page.locator('#guard-increase-units').fill('12');
    await page.locator('#guard-increase-units').blur();
    await page.getByRole('button', { name: page.t('settings.save') }).click();
    await page.getByText(page.t('settings.saved')).first().waitFor();
    const { settings } = await world.call('get', '/v1/sync/settings');
    assert.deepEqual([settings.frequency.every, settings.frequency.day, settings.guards.increase.units], ['monthly', 28, 12]);
    await world.call('put', '/v1/sync/settings', { ...settings, frequency: { every: 'nightly' } });
    await page.locator('#guard-increase-units').fill('14');
    await page.locator('#guard-increase-units').blur();
    await page.getByRole('alert').first().waitFor();
    assert.equal((await world.call('get', '/v1/sync/settings')).settings.guards.increase.units, 12, 'nothing is overwritten unseen');
    assert.deepEqual(page.faults, []);
  });

  test(`${language}: a run's lines are filtered by outcome, and the address shows the same again`, async () => {
    const page = await world.open({ language, hash: '#/history' });
    await page.locator('tbody th a').first().click();
    await page.locator('.chip[data-value=failed]').click();
    await page.locator('.lines .badge.bad').first().waitFor();
    await settled(page);
    const lines = await page.locator('.lines tbody tr').count();
    assert.equal(await page.locator('.lines .badge.bad').count(), lines);
    const again = await world.open({ language, hash: new URL(page.url()).hash });
    await again.locator('.lines .badge.bad').first().waitFor();
    await settled(again);
    assert.equal(await again.locator('.lines tbody tr').count(), lines);
    assertClean(again);
  });
}

test('writes are switched off only after a question; switching them on without a connection is refused with what to do', async () => {
  const page = await world.open({ hash: '#/settings' });
  await settled(page);
  await page.getByRole('switch', { name: page.t('writes.title') }).click();
  assert.equal((await world.call('get', '/v1/connections/writes')).writes, true);
  await page.getByRole('button', { name: page.t('writes.offYes') }).click();
  await page.getByText(page.t('writes.sentenceOff')).waitFor();
  assert.equal((await world.call('get', '/v1/connections/writes')).writes, false);
  await page.getByRole('switch', { name: page.t('writes.title') }).click();
  await page.getByRole('button', { name: page.t('writes.onYes') }).click();
  await page.getByRole('alert').getByText(/Settings and policies/).waitFor();
  assert.equal((await world.call('get', '/v1/connections/writes')).writes, false);
  assertClean(page);
});
