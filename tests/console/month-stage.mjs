// What the tests of the month share: its lines, its runs, and a month whose preview was applied.

import { settled } from './stage.mjs';

/** @typedef {Awaited<ReturnType<typeof import('./stage.mjs').stage>>} World */

export const holdsOf = async (world, query = '') => (await world.call('get', `/v1/sync/holds?pageSize=500${query}`)).items;
export const open = (world) => holdsOf(world, '&decided=false');
export const keyOf = (hold) => `${hold.month}-${hold.customerId}-${hold.psaProductId}`;
const same = (one, other) => one.customerId === other.customerId && one.psaProductId === other.psaProductId;
export const nowOf = async (world, hold) => (await holdsOf(world)).find((one) => same(one, hold));
export const byId = (page, id) => page.locator(`[id="${id}"]`);

/** Waits until the newest run of a kind has come to its end. */
export async function ended(world, kind) {
  for (const until = Date.now() + 150_000; Date.now() < until;) {
    const { items } = await world.call('get', '/v1/sync/runs?pageSize=25');
    const run = items.find((one) => one.kind === kind);
    if (run && run.state !== 'running') return run;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  throw new Error(`no run ${kind} has ended`);
}

/** A month whose preview was applied: lines wait for a person. */
export async function applied(world) {
  await world.call('post', '/v1/sync/previews', {});
  const preview = await ended(world, 'preview');
  await world.call('post', `/v1/sync/previews/${preview.runId}/apply`, {});
  await ended(world, 'apply');
}

export async function show(world, options = {}) {
  const page = await world.open({ hash: '#/month', ...options });
  await settled(page);
  return page;
}

/** Stops a dialog's test until the dialog is closed. */
export const closed = (page) => page.locator('dialog').waitFor({ state: 'detached' });
