// The month end in a browser: first steps, preview and apply, decisions one by one and together, what is not billed, the report.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { applied, byId, ended, holdsOf, keyOf, open, show } from './month-stage.mjs';
import { assertClean, english, picture, settled, stage, textsOf, violations } from './stage.mjs';

/** @typedef {Awaited<ReturnType<typeof stage>>} World */

/** How the first month end goes, with as many customers. Clicks grow with reasons, not with lines. */
const sizes = [
  { customers: 60, most: 40, lines: 24 },
  { customers: 300, most: 60, lines: 120 },
];
for (const { customers, most, lines: least } of sizes) {
  describe(`the first month end of ${customers} customers`, () => {
    /** @type {World} */
    let world;
    before(async () => { world = await stage(['--customers', String(customers)]); });
    after(async () => { await world.stop(); });

    test('a new partner sees the first steps in place of numbers', async () => {
      const page = await show(world);
      await page.getByRole('list', { name: page.t('month.checklist') }).waitFor();
      assert.equal(await page.getByRole('tab').count(), 0);
      assert.ok(await page.getByText(page.t('month.check.open'), { exact: true }).count() > 0);
      assert.deepEqual(await violations(page), []);
      await picture(page, 'month-first-steps');
      assertClean(page);
      await page.context().close();
    });

    test(`everything is decided, or knowingly left, in at most ${most} clicks`, async () => {
      const page = await show(world);
      page.setDefaultTimeout(90_000);
      let clicks = 0;
      const click = async (locator) => {
        clicks += 1;
        await locator.click();
      };
      const confirm = async () => {
        await click(page.locator('#decide-do'));
        await page.locator('dialog').waitFor({ state: 'detached' });
      };
      await click(page.locator('#preview'));
      await click(page.locator('#apply'));
      await click(page.locator('#apply-do'));
      await ended(world, 'apply');
      await page.getByRole('tab').first().waitFor();
      await click(page.locator('#tab-decide'));
      const before = await open(world);
      assert.ok(before.length >= least, `${before.length} lines wait`);
      const reasons = [...new Set(before.map((hold) => hold.reason))];
      for (const reason of reasons) {
        const lines = before.filter((hold) => hold.reason === reason);
        const group = page.locator(`tbody[data-group="${reason}"]`);
        const folded = (await group.locator('tr[data-key]').count()) === 0;
        if (!lines.every((hold) => hold.release || hold.readings)) continue;
        if (reason === 'billedElsewhere') {
          await click(group.getByRole('button', { name: page.t('month.moveHereAs') }).first());
          await confirm();
          continue;
        }
        if (lines.length === 1 && !folded) await click(byId(page, `write-${keyOf(lines[0])}`));
        else await click(group.getByRole('button', { name: page.t('month.writeUsage') }));
        if (lines.every((hold) => hold.readings)) await click(page.locator('dialog input[name=reading]').first());
        if (lines.length > 1 || folded || lines[0].readings) await confirm();
        else await byId(page, `change-${keyOf(lines[0])}`).waitFor();
      }
      await click(page.locator('#select-all'));
      await click(page.locator('.bulk').getByRole('button', { name: page.t('month.keepPsa') }));
      await click(page.locator('dialog input[name=reason]').first());
      await confirm();
      assert.deepEqual(await open(world), []);
      await click(page.locator('#tab-notBilled'));
      await page.getByText(page.t('month.skip.productUnmapped')).waitFor();
      await click(page.locator('#tab-still'));
      await click(page.locator('#tab-decide'));
      await click(page.locator('#write-now'));
      await click(page.locator('dialog button.main'));
      await ended(world, 'now');
      console.log(`month end of ${customers} customers: ${before.length} lines for ${reasons.length} reasons, ${clicks} clicks`);
      assert.ok(clicks <= most, `${clicks} clicks`);
      assertClean(page);
      await page.context().close();
    });

    test('what was decided is written by the run that was asked for', async () => {
      const run = await ended(world, 'now');
      assert.equal(run.writes, true);
      assert.ok(run.counts.additionsCreated + run.counts.quantitiesSet > 0, JSON.stringify(run.counts));
      const released = (await holdsOf(world)).filter((hold) => hold.decision?.verdict === 'release');
      assert.deepEqual(released, [], 'no release waits any more');
    });
  });
}

describe('a month with lines to decide', () => {
  /** @type {World} */
  let world;
  before(async () => {
    world = await stage();
    await applied(world);
  });
  after(async () => { await world.stop(); });

  const dialogOf = {
    keep: async (page) => { await page.locator('[id^="keep-"]').first().click(); },
    bulk: async (page) => { await page.locator('tr.group .do').first().click(); },
    reading: async (page) => { await page.locator('[id^="write-"]', { hasText: page.t('month.writeAs') }).first().click(); },
    why: async (page) => {
      await page.locator('[data-key] button[aria-expanded]').first().click();
      await page.locator('.why .facts').waitFor();
    },
    quantity: async (page) => {
      await page.locator('[id^="other-"]').first().click();
      await page.locator('#quantity-value').fill('3');
    },
    move: async (page) => { await page.locator('[id^="move-"]').first().click(); },
    end: async (page) => {
      await page.locator('[id^="still-"]').first().click();
      await page.locator('dialog input[value=cancelOn]').click();
    },
    customers: async (page) => {
      await page.locator('td button[aria-expanded]').first().click();
      await page.locator('.why li').first().waitFor();
    },
    lines: async (page) => {
      await page.locator('.outcome summary').first().click();
      await page.locator('.outcome tbody tr').first().waitFor();
    },
  };
  const views = {
    'month-decide': ['#/month'],
    'month-why': ['#/month', dialogOf.why],
    'month-keep': ['#/month', dialogOf.keep],
    'month-bulk': ['#/month', dialogOf.bulk],
    'month-quantity': ['#/month', dialogOf.quantity],
    'month-move': ['#/month?reason=billedElsewhere', dialogOf.move],
    'month-ended': ['#/month?reason=endedInMonth'],
    'month-reading': ['#/month', dialogOf.reading],
    'month-by-customer': ['#/month?group=customer'],
    'month-changes': ['#/month?tab=changes', dialogOf.lines],
    'month-not-billed': ['#/month?tab=notBilled', dialogOf.customers],
    'month-still-billing': ['#/month?tab=still'],
    'month-end': ['#/month?tab=still', dialogOf.end],
    'month-late': ['#/month?tab=late'],
    'month-report': ['#/month?tab=report', (page) => page.locator('.report').waitFor()],
  };

  async function view(name, options) {
    const [hash, act] = views[name];
    const page = await show(world, { ...options, hash });
    if (act) await act(page);
    await settled(page);
    return page;
  }

  const looks = { light: { colorScheme: 'light' }, dark: { colorScheme: 'dark' }, forced: { colorScheme: 'light', forcedColors: 'active' } };
  for (const name of Object.keys(views)) {
    test(`accessible in light, dark and forced colours: ${name}`, async () => {
      const page = await view(name, {});
      for (const [look, media] of Object.entries(looks)) {
        await page.emulateMedia(media);
        await picture(page, `${name}-${look}`);
        assert.deepEqual(await violations(page), [], look);
      }
      assertClean(page);
      await page.context().close();
    });
  }

  for (const name of Object.keys(views)) {
    test(`Italian, narrow: ${name}`, async () => {
      const page = await view(name, { language: 'it', width: 320, height: 640 });
      await picture(page, `${name}-it-320`);
      const patterns = english();
      assert.deepEqual((await textsOf(page)).filter((text) => patterns.some((pattern) => pattern.test(text))), []);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(wide <= 320, `${wide} px wide`);
      assertClean(page);
      await page.context().close();
    });
  }

  test('the sentence and the numbers say what waits', async () => {
    const page = await show(world);
    const lines = await open(world);
    await page.getByText(page.t('month.waiting', { n: lines.length })).waitFor();
    await page.locator('#tab-decide .figure', { hasText: String(lines.length) }).waitFor();
    assert.equal(await page.locator('tr[data-key]').count(), lines.length);
    await page.context().close();
  });

  test('the numbers of the month are there after one request', async () => {
    const page = await world.open({ hash: '#/configure' });
    await settled(page);
    const overview = await world.call('get', '/v1/sync/overview');
    const asked = [];
    page.on('request', (request) => asked.push(new URL(request.url()).pathname));
    for (const list of ['runs', 'holds', 'still-billing', 'not-billed']) await page.route(new RegExp(`/v1/sync/${list}\\b`), (route) => route.abort());
    await page.locator('a[href="#/month"]').first().click();
    await page.locator('#tab-decide .figure', { hasText: String(overview.toDecide.lines) }).waitFor();
    await page.locator('#tab-changes .figure', { hasText: String(overview.changes.pairs) }).waitFor();
    await page.locator('#tab-still .figure', { hasText: String(overview.stillBilling.additions) }).waitFor();
    const units = overview.notBilled.unmappedUnits + overview.notBilled.unassignedUnits;
    await page.locator('#tab-notBilled .figure', { hasText: page.t('units', { n: units }) }).waitFor();
    const calls = asked.filter((path) => path.startsWith('/v1/'));
    assert.equal(calls[0], '/v1/sync/overview');
    assert.ok(!calls.includes('/v1/sync/still-billing') && !calls.includes('/v1/connections/writes'), calls.join(' '));
    await page.context().close();
  });

  test('usage that is not billed adds up to what the API counts, and unfolds its customers', async () => {
    const page = await show(world, { hash: '#/month?tab=notBilled' });
    const { items } = await world.call('get', '/v1/sync/not-billed?pageSize=500');
    const row = items.find((one) => one.reason === 'productUnmapped');
    const shown = page.locator('tr', { hasText: row.product }).first();
    await shown.locator('td.number', { hasText: new RegExp(`^${row.units}$`) }).waitFor();
    await shown.getByRole('button', { name: page.t('month.customersCount', { n: row.customers }) }).click();
    await page.locator('.why li').nth(row.customers - 1).waitFor();
    assert.equal(await page.locator('.why li').count(), row.customers);
    assertClean(page);
    await page.context().close();
  });

  test('an address holds tab, grouping and filter', async () => {
    const page = await show(world, { hash: '#/month?group=product&reason=zeroPrice' });
    const lines = (await open(world)).filter((hold) => hold.reason === 'zeroPrice');
    assert.equal(await page.locator('tr[data-key]').count(), lines.length);
    await page.locator('#pick-group').selectOption('customer');
    await page.getByRole('searchbox').fill(lines[0].customer);
    const params = new URLSearchParams((await page.evaluate(() => location.hash)).split('?')[1]);
    assert.deepEqual([params.get('group'), params.get('reason'), params.get('text')], ['customer', 'zeroPrice', lines[0].customer]);
    await page.context().close();
  });

  test('a run under way is found again after the page was left, and the sheet can be downloaded', async () => {
    const page = await show(world);
    await page.locator('#preview').click();
    await page.locator('a[href="#/history"]').click();
    await page.locator('a[href="#/month"]').first().click();
    await page.locator('#tab-changes').click();
    await page.locator('#apply').waitFor();
    assert.equal((await world.call('get', '/v1/sync/runs?pageSize=1')).items[0].kind, 'preview');
    const downloading = page.waitForEvent('download');
    await page.locator('#csv').click();
    assert.match((await downloading).suggestedFilename(), /\.csv$/);
    assertClean(page);
    await page.context().close();
  });

  test('another language asks again for what the API says in words', async () => {
    const page = await show(world, { hash: '#/month?tab=changes' });
    await dialogOf.lines(page);
    const asked = page.waitForRequest((request) => request.url().includes('/lines?outcome=') && request.headers()['accept-language'] === 'it');
    await page.getByRole('button', { name: 'Italiano' }).click();
    await page.locator('.outcome summary').first().click();
    await asked;
    await page.context().close();
  });

  test('who may only read sees no button that would be refused', async () => {
    const page = await show(world, { scope: 'psa/read' });
    for (const selector of ['#preview', '[id^="write-"]', '[id^="keep-"]', '[id^="change-"]', 'input[type=checkbox]']) assert.equal(await page.locator(selector).count(), 0, selector);
    assertClean(page);
    await page.context().close();
  });

  test('on paper there is the report alone, with a line to sign', async () => {
    const page = await show(world, { hash: '#/month?tab=report' });
    await page.locator('.report').waitFor();
    const units = await page.locator('tfoot td:nth-child(3)').allInnerTexts();
    const { items } = await world.call('get', '/v1/sync/runs?pageSize=25');
    const { done } = items.find((run) => run.kind !== 'preview' && !run.customers);
    for (const text of units) assert.equal(Number(text.replace(/[+,]/g, '').replace('−', '-')), Number(done.units), 'the sums are what the run changed');
    await page.emulateMedia({ media: 'print' });
    for (const selector of ['.banner', '.numbers', '.no-print']) assert.equal(await page.locator(selector).isVisible(), false, selector);
    assert.equal(await page.getByText(page.t('month.sign')).isVisible(), true);
    const pdf = await page.pdf({ preferCSSPageSize: true });
    assert.ok(pdf.length > 10_000);
    await picture(page, 'month-report-print');
    await page.context().close();
  });
});
