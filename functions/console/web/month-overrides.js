// Other quantities than the usage that people decided for several usage months, and ending one early.

import { html, nothing } from './vendor/lit-html/lit-html.js';
import { all, call, may } from './api.js';
import { draw, say } from './draw.js';
import { moment, month as monthName, number, t } from './language.js';
import { once, ruleText } from './month-decision.js';
import { loadingRows } from './parts.js';

/** @typedef {import('../types').OverrideRow} Override */

/** @param {import('./month.js').Month} of */
export function overrides(of) {
  /** @type {Override[] | undefined} */
  let rows;
  const read = async () => {
    rows = (await all('/v1/sync/overrides', { pageSize: 500 })).filter((row) => !row.ended);
    draw();
  };
  read().catch(of.fail);

  /** @param {Override} row */
  async function end(row) {
    const { customerId, psaProductId, from, at, version } = row;
    const body = { customerId, psaProductId, from, at, version };
    try {
      await once(body, (key) => call('post', '/v1/sync/overrides/remove', { body, key }));
      say(t('month.overrideGone'));
      await read();
    } catch (error) {
      of.fail(error);
    }
  }

  return () => (rows?.length === 0 ? html`<p>${t('month.noOverrides')}</p>` : html`<div class="table-box" role="region" aria-label=${t('month.overrides')} tabindex="0"><table class="cards">
    <thead><tr><th scope="col">${t('month.customer')}</th><th scope="col">${t('month.product')}</th><th scope="col">${t('month.quantity')}</th><th scope="col">${t('month.untilMonth')}</th><th scope="col">${t('month.decidedBy')}</th></tr></thead>
    <tbody>${rows ? rows.map((row) => html`<tr><th scope="row">${row.customer}</th>
      <td data-label=${t('month.product')}><div>${row.descriptions.filter(Boolean).join(', ') || row.products.join(', ')}<span class="line muted">→ ${row.psaProduct?.identifier ?? t('map.id', { id: row.psaProductId })}</span></div></td>
      <td data-label=${t('month.quantity')}>${ruleText(row.quantity)}${['fixed', 'minimum'].includes(row.quantity.rule) ? ` ${number(row.quantity.value)}` : ''}</td>
      <td data-label=${t('month.untilMonth')}>${row.from === row.until ? t('month.thisMonth', { month: monthName(row.from) }) : t('month.everyUntil', { month: monthName(row.until) })}</td>
      <td data-label=${t('month.decidedBy')}><div>${row.who}, ${moment(row.at)}<span class="line muted">${[t(`month.because.${row.reason}`), row.why].filter(Boolean).join(': ')}</span>
        ${may('psa/write') ? html`<button type="button" aria-label="${t('month.endOverride')}: ${row.customer}, ${row.products.join(', ')}" @click=${() => end(row)}>${t('month.endOverride')}</button>` : nothing}</div></td></tr>`) : loadingRows(5, 3)}</tbody></table></div>`);
}
