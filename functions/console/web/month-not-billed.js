// Not billed: usage that reaches no addition, by what is missing, with the way to the screen where that is mended.

import { html, nothing } from './vendor/lit-html/lit-html.js';
import { link } from './address.js';
import { draw } from './draw.js';
import { compare, number, t, word } from './language.js';
import { empty, loadingRows, problemNotice } from './parts.js';
import { linesOf } from './month-changes.js';

/** @typedef {import('../types').RunLine} Line */
/** @typedef {{ id: string, name: string, code?: string, units: number, others: Set<string>, advice: string }} Row */

/** What nobody has decided, by reason, and where it is mended; then what somebody has decided. */
const OPEN = /** @type {const} */ (['productUnmapped', 'mappingRemoved', 'customerUnmapped', 'unassigned', 'noProductCode', 'mappingMoved']);
const BY_CUSTOMER = new Set(['customerUnmapped', 'customerOff', 'notFlex', 'noProductCode', 'customerLeft']);

/** @param {string} reason @param {Row} row */
function mend(reason, row) {
  if (reason === 'productUnmapped' || reason === 'mappingRemoved') return html`<a href=${link('configure', { text: row.id })}>${t('month.mapProduct')}</a>`;
  if (reason === 'customerUnmapped') return html`<a href=${link('customers', { text: row.name })}>${t('month.mapCustomer')}</a>`;
  return html`<span>${row.advice}</span>`;
}

/** The lines of a reason added up by product or by customer.
 * @param {string} reason @param {Line[]} lines
 * @returns {Row[]} */
function rowsOf(reason, lines) {
  const byCustomer = BY_CUSTOMER.has(reason);
  /** @type {Map<string, Row>} */
  const rows = new Map();
  for (const line of lines) {
    const id = (byCustomer ? line.customerId : line.product) ?? line.product ?? line.customer;
    const row = rows.get(id) ?? { id, name: byCustomer ? line.customer : (line.description ?? line.product ?? '–'), code: byCustomer ? undefined : (line.product ?? undefined), units: 0, others: new Set(), advice: line.advice ?? '' };
    row.units += line.units;
    const other = byCustomer ? line.product : line.customerId && line.customer;
    if (other) row.others.add(other);
    rows.set(id, row);
  }
  return [...rows.values()].sort((a, b) => b.units - a.units || compare(a.name, b.name));
}

/** The usage of a run that is not billed, by reason.
 * @param {string} runId */
export async function notBilledOf(runId) {
  const lines = await linesOf(runId, 'skipped');
  const reasons = [...new Set(lines.map((line) => line.reason ?? ''))].filter((reason) => lines.some((line) => line.reason === reason && line.units > 0));
  const isOpen = (/** @type {string} */ reason) => /** @type {readonly string[]} */ (OPEN).includes(reason);
  return reasons.map((reason) => ({ reason, open: isOpen(reason), rows: rowsOf(reason, lines.filter((line) => line.reason === reason && line.units > 0)) }))
    .sort((a, b) => Number(b.open) - Number(a.open) || OPEN.indexOf(/** @type {any} */ (a.reason)) - OPEN.indexOf(/** @type {any} */ (b.reason)));
}

/** @param {Awaited<ReturnType<typeof notBilledOf>>} groups @param {boolean} [printed] */
export const notBilledTables = (groups, printed) => groups.map(({ reason, open, rows }) => {
  const byCustomer = BY_CUSTOMER.has(reason);
  const units = rows.reduce((sum, row) => sum + row.units, 0);
  const table = html`<div class="table-box" role="region" aria-label=${word('month.skip', reason)} tabindex=${printed ? nothing : '0'}><table class="cards fixed">
    <thead><tr><th scope="col">${byCustomer ? t('month.customer') : t('month.product')}</th><th scope="col" class="number">${t('configure.units')}</th><th scope="col">${byCustomer ? t('month.products') : t('month.customers')}</th>${printed ? nothing : html`<th scope="col">${t('month.todo')}</th>`}</tr></thead>
    <tbody>${rows.map((row) => html`<tr><th scope="row"><span class="name">${row.name}</span>${row.code && row.code !== row.name ? html` <span class="code">${row.code}</span>` : nothing}</th>
      <td class="number" data-label=${t('configure.units')}>${number(row.units)}</td>
      <td data-label=${byCustomer ? t('month.products') : t('month.customers')}><span>${row.others.size > 3 ? t(byCustomer ? 'month.productsCount' : 'month.customersCount', { n: row.others.size }) : [...row.others].join(', ') || '–'}</span></td>
      ${printed ? nothing : html`<td data-label=${t('month.todo')}><div>${mend(reason, row)}</div></td>`}</tr>`)}</tbody></table></div>`;
  const summary = html`<b>${word('month.skip', reason)}</b> <span class="muted">${t('units', { n: units })}</span>`;
  return open || printed ? html`<section class="block"><h2>${summary}</h2>${table}</section>` : html`<details class="outcome"><summary>${summary}</summary>${table}</details>`;
});

/** @param {import('./month.js').Month} of */
export function notBilled(of) {
  /** @type {Awaited<ReturnType<typeof notBilledOf>> | undefined} */
  let groups;
  /** @type {unknown} */
  let failed;
  let readFor = '';

  async function read() {
    const run = of.full();
    if (!run || readFor === run.runId) return;
    [readFor, groups, failed] = [run.runId, undefined, undefined];
    try {
      const found = await notBilledOf(run.runId);
      if (readFor === run.runId) groups = found;
    } catch (error) {
      failed = error;
    }
    draw();
  }

  return {
    opened: () => { read(); },
    view: () => {
      if (failed) return problemNotice(failed, { again: () => { readFor = ''; read(); } });
      if (!of.full()) return empty(t('history.noRuns'), t('month.previewHow'));
      if (!groups) return html`<div class="table-box"><table><tbody>${loadingRows(4, 5)}</tbody></table></div>`;
      const open = groups.filter((group) => group.open);
      const decided = groups.filter((group) => !group.open);
      return html`${open.length > 0 ? notBilledTables(open) : empty(t('month.allBilled'), t('month.allBilledHow'))}
        ${decided.length > 0 ? html`<h2 class="apart">${t('month.notBilledDecided')}</h2>${notBilledTables(decided)}` : nothing}`;
    },
  };
}
