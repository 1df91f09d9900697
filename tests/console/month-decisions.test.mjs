// Decisions about the month's lines in a browser: one by one, together, by keyboard, and when somebody else was faster.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { applied, byId, closed, keyOf, nowOf, open, show } from './month-stage.mjs';
import { assertClean, languages, stage } from './stage.mjs';

/** @typedef {Awaited<ReturnType<typeof stage>>} World */

describe('a month with lines to decide', () => {
  /** @type {World} */
  let world;
  before(async () => {
    world = await stage();
    await applied(world);
  });
  after(async () => { await world.stop(); });

  /** The first line that can be written and is alone for its reason. */
  async function aSingle() {
    const lines = await open(world);
    const found = lines.find((hold) => hold.release && lines.filter((other) => other.reason === hold.reason).length === 1);
    assert.ok(found);
    return found;
  }

  test('what another line bills is not written among lines of other reasons', async () => {
    const page = await show(world);
    await page.locator('#select-all').click();
    await page.locator('.bulk').getByRole('button', { name: page.t('month.writeUsage') }).click();
    await page.locator('dialog details summary').click();
    const listed = (await page.locator('dialog details li').allInnerTexts()).join('\n');
    const apart = (await open(world)).filter((one) => ['billedElsewhere', 'endedInMonth'].includes(one.reason));
    assert.equal(new Set(apart.map((hold) => hold.reason)).size, 2);
    for (const hold of apart) {
      assert.ok(!listed.includes(`${hold.customer} · ${hold.products.join(', ')} ·`), `${hold.customer} is written among others`);
    }
    await page.context().close();
  });

  test('what is billed elsewhere moves here on a day, is billed twice only when asked again, or not here', async () => {
    const hold = (await open(world)).find((one) => one.reason === 'billedElsewhere');
    const page = await show(world, { hash: '#/month?reason=billedElsewhere' });
    const decided = async () => (await nowOf(world, hold)).decision;
    await byId(page, `move-${keyOf(hold)}`).click();
    assert.equal(await page.locator('#move-on').inputValue(), new Date(Date.UTC(Number(hold.month.slice(0, 4)), Number(hold.month.slice(5)), 0)).toISOString().slice(0, 10));
    await page.locator('#move-on').fill('2099-01-31');
    await page.locator('#decide-do').click();
    await page.locator('dialog [role=alert], dialog .error').first().waitFor();
    await page.locator('#move-on').fill(`${hold.month}-15`);
    await page.locator('#decide-do').click();
    await closed(page);
    assert.deepEqual([(await decided()).verdict, (await decided()).moveOn], ['release', `${hold.month}-15`]);
    await byId(page, `change-${keyOf(hold)}`).click();
    await byId(page, `write-${keyOf(hold)}`).click();
    await page.getByText(page.t('month.billBothText')).waitFor();
    assert.equal((await decided()).moveOn, `${hold.month}-15`, 'nothing is decided before it is confirmed');
    await page.locator('#decide-do').click();
    await closed(page);
    assert.deepEqual([(await decided()).verdict, (await decided()).moveOn], ['release', undefined]);
    await byId(page, `change-${keyOf(hold)}`).click();
    await byId(page, `keep-${keyOf(hold)}`).click();
    await page.locator('#decide-do').click();
    await closed(page);
    assert.equal((await decided()).verdict, 'reject');
    assertClean(page);
    await page.context().close();
  });

  test('a line that ended in the month says from which day the new one bills', async () => {
    const hold = (await open(world)).find((one) => one.reason === 'endedInMonth');
    const page = await show(world, { hash: '#/month?reason=endedInMonth' });
    const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' }).format(new Date(hold.release.date));
    assert.equal(await byId(page, `write-${keyOf(hold)}`).innerText(), page.t('month.writeFrom', { quantity: Number(hold.release.to), day }));
    await page.context().close();
  });

  for (const language of languages) {
    test(`one line is written, then kept with a reason, and the focus stays (${language})`, async () => {
      const hold = await aSingle();
      const page = await show(world, { language });
      const write = byId(page, `write-${keyOf(hold)}`);
      assert.equal(await write.innerText(), page.t('month.write', { quantity: Number(hold.release.to) }));
      await write.click();
      const change = byId(page, `change-${keyOf(hold)}`);
      await change.waitFor();
      await page.waitForFunction((id) => document.activeElement?.id === id, `change-${keyOf(hold)}`);
      assert.equal((await nowOf(world, hold)).decision.verdict, 'release');
      await change.click();
      await byId(page, `keep-${keyOf(hold)}`).click();
      await page.locator('#decide-do').click();
      await page.getByText(page.t('month.whyFirst')).waitFor();
      await page.getByText(page.t('month.because.oneOff')).click();
      await page.locator('#decision-note').fill('agreed by phone');
      await page.locator('#decide-do').click();
      await closed(page);
      const { decision } = await nowOf(world, hold);
      assert.deepEqual([decision.verdict, decision.reason, decision.why], ['reject', 'oneOff', 'agreed by phone']);
      assertClean(page);
      await page.context().close();
    });
  }

  for (const language of languages) {
    test(`a line is billed at another quantity for some months, and that is taken back (${language})`, async () => {
      const hold = (await open(world)).find((one) => one.takesQuantity === 'any' && Number(one.used) > 0 && Number(one.used) + 2 < Number(one.quantity));
      const page = await show(world, { language });
      await byId(page, `other-${keyOf(hold)}`).click();
      await page.locator('#decide-do').click();
      for (const first of ['month.ruleFirst', 'month.whyFirst']) await page.getByText(page.t(first)).waitFor();
      await page.getByText(page.t('month.rule.minimum')).click();
      await page.locator('#quantity-value').fill('0');
      await page.getByText(page.t('month.valueFirst')).waitFor();
      const least = Number(hold.used) + 2;
      await page.locator('#quantity-value').fill(String(least));
      await page.locator('#quantity-until').selectOption({ index: 3 });
      const until = await page.locator('#quantity-until').inputValue();
      await page.locator('#quantity-effect').getByText(page.t('month.usedBilled', { used: Number(hold.used), billed: least })).waitFor();
      await page.getByText(page.t('month.because.customerAgreed')).click();
      assert.equal(await page.locator('#decide-do').innerText(), page.t('month.write', { quantity: least }));
      await page.locator('#decide-do').click();
      await closed(page);
      const { decision } = await nowOf(world, hold);
      assert.deepEqual([decision.verdict, decision.quantity, decision.until, decision.reason], ['useQuantity', { rule: 'minimum', value: String(least) }, until, 'customerAgreed']);
      await page.getByText(page.t('month.writeRule', { quantity: least, rule: page.t('month.ruleShort.minimum') })).waitFor();
      await page.locator('#overrides summary').click();
      const listed = page.locator('#overrides tbody tr', { hasText: hold.customer });
      assert.match(await listed.innerText(), new RegExp(`${page.t('month.ruleShort.minimum')} ${least}`));
      await page.locator('#overrides summary').click();
      await byId(page, `back-${keyOf(hold)}`).click();
      await byId(page, `other-${keyOf(hold)}`).waitFor();
      await page.locator('#overrides summary').click();
      await page.getByText(page.t('month.noOverrides')).waitFor();
      assert.equal((await nowOf(world, hold)).decision, undefined);
      assert.deepEqual((await world.call('get', '/v1/sync/overrides')).items, []);
      assertClean(page);
      await page.context().close();
    });
  }

  test('the lines of a reason are written together, and the confirmation shows the sum', async () => {
    const lines = (await open(world)).filter((hold) => hold.reason === 'vanished');
    assert.ok(lines.length > 1);
    const page = await show(world);
    await page.locator('tbody[data-group="vanished"]').getByRole('button', { name: page.t('month.writeUsage') }).click();
    const units = lines.reduce((sum, hold) => sum + Number(hold.release.to) - Number(hold.release.from), 0);
    await page.locator('dialog .total b', { hasText: `−${Math.abs(units)}` }).waitFor();
    await page.locator('#decide-do').click();
    await closed(page);
    for (const hold of lines) assert.equal((await nowOf(world, hold)).decision.verdict, 'release');
    await page.waitForFunction(() => document.activeElement?.id === 'decided-sum');
    assertClean(page);
    await page.context().close();
  });

  test('lines are selected and decided by keyboard alone', async () => {
    const page = await show(world, { hash: '#/month?reason=zeroPrice' });
    const lines = (await open(world)).filter((hold) => hold.reason === 'zeroPrice');
    await page.locator('[data-pick]').first().focus();
    await page.keyboard.press('Space');
    await page.keyboard.press('Shift+ArrowDown');
    await page.keyboard.press('Shift+ArrowDown');
    await page.getByText(page.t('month.selected', { n: 3 })).waitFor();
    await page.locator('[data-pick]').nth(4).click({ modifiers: ['Shift'] });
    await page.getByText(page.t('month.selected', { n: 5 })).waitFor();
    await page.keyboard.press('Control+a');
    await page.getByText(page.t('month.selected', { n: lines.length })).waitFor();
    await page.locator('.bulk .do').focus();
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => document.activeElement?.id === 'decide-do');
    await page.keyboard.press('Enter');
    await closed(page);
    for (const hold of lines) assert.equal((await nowOf(world, hold)).decision.verdict, 'release');
    assertClean(page);
    await page.context().close();
  });

  test('lines that are folded away are decided in one request, by what they have in common', async () => {
    const lines = (await open(world)).filter((hold) => hold.reason === 'unreadable');
    assert.ok(lines.length > 1);
    const page = await show(world);
    const sent = [];
    page.on('request', (request) => { if (request.method() === 'POST') sent.push({ path: new URL(request.url()).pathname, body: request.postDataJSON() }); });
    const group = page.locator('tbody[data-group="unreadable"]');
    await group.locator('.fold').click();
    await group.getByRole('button', { name: page.t('month.keepPsa') }).click();
    await page.getByText(page.t('month.because.customerAgreed')).click();
    await page.locator('#decide-do').click();
    await closed(page);
    assert.deepEqual(sent.map(({ path, body }) => [path, body.matching.reason, body.validateOnly ?? false]),
      [['/v1/sync/holds/decisions/matching', 'unreadable', true], ['/v1/sync/holds/decisions/matching', 'unreadable', false]]);
    for (const hold of lines) assert.equal((await nowOf(world, hold)).decision.verdict, 'reject');
    assertClean(page);
    await page.context().close();
  });

  test('folded lines of which one moved after the look are not decided', async () => {
    const [hold, ...others] = (await open(world)).filter((one) => one.reason === 'part');
    assert.ok(others.length > 0);
    const page = await show(world);
    const group = page.locator('tbody[data-group="part"]');
    await group.locator('.fold').click();
    await group.getByRole('button', { name: page.t('month.keepPsa') }).click();
    await page.locator('#decide-do:not([aria-disabled])').waitFor();
    await world.call('post', '/v1/sync/holds/decisions', { decisions: [{ month: hold.month, customerId: hold.customerId, psaProductId: hold.psaProductId, version: hold.version, verdict: 'reject', reason: 'other', why: 'theirs' }] });
    await page.getByText(page.t('month.because.customerAgreed')).click();
    await page.locator('#decide-do').click();
    await page.getByText(page.t('month.movedTold', { n: 1 })).waitFor();
    for (const other of others) assert.equal((await nowOf(world, other)).decision, undefined);
    await page.context().close();
  });

  test('a line that somebody else decided meanwhile shows what is there now, and nothing is decided', async () => {
    const hold = await aSingle();
    const page = await show(world);
    await world.call('post', '/v1/sync/holds/decisions', { decisions: [{ month: hold.month, customerId: hold.customerId, psaProductId: hold.psaProductId, version: hold.version, verdict: 'reject', reason: 'other', why: 'theirs' }] });
    await byId(page, `write-${keyOf(hold)}`).click();
    await page.getByText(page.t('month.movedTold', { n: 1 })).waitFor();
    await page.getByRole('group', { name: page.t('month.movedOf', { name: hold.customer }) }).getByText('demo').first().waitFor();
    assert.equal((await nowOf(world, hold)).decision.why, 'theirs');
    assertClean(page);
    await page.context().close();
  });

  test('a lost answer to a decision is asked for again and takes effect once', async () => {
    const hold = await aSingle();
    const page = await show(world);
    await page.route('**/v1/sync/holds/decisions', async (route) => {
      await route.fetch();
      await route.abort('connectionreset');
    }, { times: 1 });
    await byId(page, `write-${keyOf(hold)}`).click();
    await page.getByText(page.t('problem.offline')).waitFor();
    await byId(page, `write-${keyOf(hold)}`).click();
    await byId(page, `change-${keyOf(hold)}`).waitFor();
    assert.equal((await nowOf(world, hold)).decision.verdict, 'release');
    assert.deepEqual(page.faults.filter((fault) => !fault.includes('ERR_CONNECTION_RESET')), []);
    await page.context().close();
  });

  test('an addition that is still billed gets a cancelled date, or is set to 0, with a reason, and that is taken back', async () => {
    const [row] = (await world.call('get', '/v1/sync/still-billing')).items;
    assert.ok(row);
    const page = await show(world, { hash: '#/month?tab=still' });
    const button = byId(page, `still-${row.additionId}`);
    await button.click();
    await page.locator('#end-do').click();
    await page.getByText(page.t('form.missing')).waitFor();
    await page.getByText(page.t('month.endFirst')).waitFor();
    await page.locator('#end-why').fill('the customer has left');
    await page.locator('dialog input[value=cancelOn]').click();
    const day = await page.locator('#end-day').inputValue();
    await page.locator('#end-do').click();
    await closed(page);
    const dated = (await world.call('get', '/v1/sync/still-billing')).items.find((one) => one.additionId === row.additionId).ending;
    assert.deepEqual([dated.choice, dated.date], ['cancelOn', day]);
    await button.click();
    await page.locator('.badge.good').waitFor({ state: 'detached' });
    await button.click();
    await page.locator('dialog input[value=setToZero]').click();
    await page.locator('#end-why').fill('the customer has left');
    await page.locator('#end-do').click();
    const badge = page.locator('.badge', { hasText: page.t('month.endsNext') });
    await badge.waitFor();
    const ending = async () => (await world.call('get', '/v1/sync/still-billing')).items.find((one) => one.additionId === row.additionId).ending;
    assert.deepEqual([(await ending()).choice, (await ending()).why], ['setToZero', 'the customer has left']);
    await button.click();
    await badge.waitFor({ state: 'detached' });
    assert.notEqual((await ending())?.choice, 'setToZero');
    assertClean(page);
    await page.context().close();
  });
});
