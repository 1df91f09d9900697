// Not billed: usage that reaches no addition, by what is missing, in units and money, with the way to where that is mended.

import { html, nothing } from './vendor/lit-html/lit-html.js';
import { link } from './address.js';
import { all } from './api.js';
import { draw } from './draw.js';
import { compare, number, t, word } from './language.js';
import { badge, empty, loadingRows, problemNotice } from './parts.js';
import { moneys } from './sums.js';

/** @typedef {import('../types').NotBilledRow} Row */
/** @typedef {import('../types').RunLine} Line */
/** @typedef {{ lines?: Line[], failed?: unknown }} Behind the customers of a row */
/** @typedef {{ isOpen: (row: Row) => boolean, toggle: (row: Row) => void, behind: (row: Row) => Behind | undefined }} At */

/** What nobody has decided comes in this order. */
const ORDER = ['productUnmapped', 'mappingRemoved', 'customerUnmapped', 'unassigned', 'noProductCode', 'mappingMoved'];
const OF_PRODUCT = new Set(['productUnmapped', 'mappingRemoved', 'mappingMoved']);

/** The usage of a month that is not billed, by reason: first what nobody has decided.
 * @param {string} month */
export async function notBilledOf(month) {
  const rows = await all('/v1/sync/not-billed', { month, pageSize: 500 });
  const place = (/** @type {string} */ reason) => (ORDER.indexOf(reason) + 1 || ORDER.length + 1);
  return [false, true].flatMap((decided) => {
    const of = rows.filter((row) => row.decided === decided && row.units > 0);
    const reasons = [...new Set(of.map((row) => row.reason))].sort((a, b) => place(a) - place(b) || compare(a, b));
    return reasons.map((reason) => ({ reason, decided, rows: of.filter((row) => row.reason === reason).sort((a, b) => b.units - a.units || compare(nameOf(a), nameOf(b))) }));
  });
}

/** @param {Row} row */
const nameOf = (row) => row.description || row.product || '–';

/** The button that shows what is behind the row, and what to do.
 * @param {Row} row @param {At} at @param {string} text */
const unfold = (row, at, text) => html`<button type="button" class="quiet" aria-expanded=${at.isOpen(row) ? 'true' : 'false'} aria-label="${text}: ${nameOf(row)}" @click=${() => at.toggle(row)}><span aria-hidden="true">${at.isOpen(row) ? '▾' : '▸'}</span> ${text}</button>`;

/** @param {Row} row */
const keyOf = (row) => `${row.runId} ${row.reason} ${row.decided} ${row.product ?? ''}`;

/** @param {Awaited<ReturnType<typeof notBilledOf>>} groups
 * @param {At} [at] on the screen; on paper nothing unfolds */
export const notBilledTables = (groups, at) => groups.map(({ reason, decided, rows }) => {
  const units = rows.reduce((sum, row) => sum + row.units, 0);
  const table = html`<div class="table-box" role="region" aria-label=${word('month.skip', reason)} tabindex=${at ? '0' : nothing}><table class="cards fixed">
    <thead><tr><th scope="col">${t('month.product')}</th><th scope="col" class="number">${t('configure.units')}</th><th scope="col" class="number">${t('month.estimate')}</th><th scope="col">${t('month.customers')}</th>${at ? html`<th scope="col">${t('month.todo')}</th>` : nothing}</tr></thead>
    <tbody>${rows.map((row) => html`<tr><th scope="row"><span class="name">${nameOf(row)}</span>${row.product && row.product !== nameOf(row) ? html` <span class="code">${row.product}</span>` : nothing}
        ${row.psaProduct ? html`<span class="line muted">→ ${row.psaProduct.identifier} ${row.psaProduct.description}</span>` : nothing}</th>
      <td class="number" data-label=${t('configure.units')}>${number(row.units)}</td><td class="number" data-label=${t('month.estimate')}>${row.amounts.length > 0 ? moneys(row.amounts) : '–'}</td>
      <td data-label=${t('month.customers')}><div>${row.customers === 0 ? '–' : at ? unfold(row, at, t('month.customersCount', { n: row.customers })) : t('month.customersCount', { n: row.customers })}</div></td>
      ${at ? html`<td data-label=${t('month.todo')}><div>${mend(row) ?? unfold(row, at, t('month.why'))}</div></td>` : nothing}</tr>
      ${at?.isOpen(row) ? html`<tr class="unfolded"><td colspan="5">${customersOf(row, at.behind(row))}</td></tr>` : nothing}`)}</tbody></table></div>`;
  const summary = html`<b>${word('month.skip', reason)}</b> <span class="muted">${t('units', { n: units })}</span>`;
  return decided && at ? html`<details class="outcome"><summary>${summary}</summary>${table}</details>` : html`<section class="block"><h2>${summary}</h2>${table}</section>`;
});

/** Where it is put right; nothing where the row itself says what to do.
 * @param {Row} row */
function mend(row) {
  if (row.changedSince) return badge('good', t('month.changedSince'));
  if (row.decided && row.customers > 0) return nothing;
  if (!row.decided && OF_PRODUCT.has(row.reason)) return html`<a href=${link('configure', { text: row.product ?? '' })}>${t('month.mapProduct')}</a>`;
  if (!row.decided && row.reason === 'customerUnmapped') return html`<a href=${link('customers', { show: 'unmapped' })}>${t('month.mapCustomers')}</a>`;
  return undefined;
}

/** @param {Row} row @param {Behind | undefined} behind */
function customersOf(row, behind) {
  if (behind?.failed) return problemNotice(behind.failed);
  if (!behind?.lines) return html`<div class="bones"><span class="bone"></span></div>`;
  const advice = [...new Set(behind.lines.flatMap((line) => line.advice ?? []))];
  return html`<div class="why">${advice.map((text) => html`<p><b>${t('advice')}</b> ${text}</p>`)}<ul class="plain">${behind.lines.map((line) => html`<li>${row.reason === 'customerUnmapped' ? html`<a href=${link('customers', { text: line.customer })}>${line.customer}</a>` : line.customer} · <span class="number">${t('units', { n: line.units })}</span></li>`)}</ul></div>`;
}

/** @param {import('./month.js').Month} of */
export function notBilled(of) {
  /** @type {Awaited<ReturnType<typeof notBilledOf>> | undefined} */
  let groups;
  /** @type {unknown} */
  let failed;
  let readFor = '';
  /** @type {Set<string>} */
  const unfolded = new Set();
  /** @type {Map<string, Behind>} */
  const behind = new Map();

  /** A run that came to an end counts anew. */
  const state = () => `${of.month()} ${of.full()?.runId ?? ''}`;

  async function read() {
    const wanted = state();
    if (readFor === wanted) return;
    [readFor, groups, failed] = [wanted, undefined, undefined];
    try {
      const found = await notBilledOf(of.month());
      if (readFor === wanted) groups = found;
    } catch (error) {
      failed = error;
    }
    draw();
  }

  /** @param {Row} row */
  async function toggle(row) {
    const key = keyOf(row);
    if (unfolded.has(key)) unfolded.delete(key);
    else unfolded.add(key);
    draw();
    if (behind.get(key)?.lines || !unfolded.has(key)) return;
    behind.set(key, {});
    try {
      const lines = await all('/v1/sync/runs/{runId}/lines', { outcome: 'skipped', reason: row.reason, product: row.product ?? undefined, pageSize: 1000 }, { runId: row.runId });
      behind.set(key, { lines: lines.filter((line) => line.units > 0 && (line.product ?? undefined) === (row.product ?? undefined)).sort((a, b) => b.units - a.units || compare(a.customer, b.customer)) });
    } catch (error) {
      behind.set(key, { failed: error });
    }
    draw();
  }

  const at = { isOpen: (/** @type {Row} */ row) => unfolded.has(keyOf(row)), toggle, behind: (/** @type {Row} */ row) => behind.get(keyOf(row)) };

  return {
    opened: () => { read(); },
    view: () => {
      if (failed) return problemNotice(failed, { again: () => { readFor = ''; read(); } });
      if (!of.overview()?.changes && !of.full()) return empty(t('history.noRuns'), t('month.previewHow'));
      if (!groups) return html`<div class="table-box"><table><tbody>${loadingRows(5, 5)}</tbody></table></div>`;
      const open = groups.filter((group) => !group.decided);
      const decided = groups.filter((group) => group.decided);
      return html`${open.length > 0 ? html`<p class="muted">${t('month.estimateHow')}</p>${notBilledTables(open, at)}` : empty(t('month.allBilled'), t('month.allBilledHow'))}
        ${decided.length > 0 ? html`<h2 class="apart">${t('month.notBilledDecided')}</h2>${notBilledTables(decided, at)}` : nothing}`;
    },
  };
}
