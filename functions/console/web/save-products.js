// What a Save of product mappings changes, and its effects on what ConnectWise bills.

import { html, nothing } from './vendor/lit-html/lit-html.js';
import { number, t, word } from './language.js';
import { psaName, sophosName } from './map-product.js';
import { badge, notice } from './parts.js';
import { learnOf, product } from './psa.js';
import { saveRows } from './save.js';

/** @typedef {import('../types').ProductRow} ProductRow */
/** @typedef {import('../types').ProductSaveRow} ProductSaveRow */
/** @typedef {import('../types').ProductDifference} Difference */
/** @typedef {import('../types').ProductEffect} Effect */
/** @typedef {{ changes: Difference[], effects: Effect[] }} Judged */

/** Opens the dialog of Save for these rows.
 * @param {ProductSaveRow[]} rows
 * @returns {Promise<import('./save.js').Outcome<Difference, ProductRow> | undefined>} */
export const saveProducts = (rows) => saveRows('/v1/product-mappings/save', rows, contents);

/** @param {Judged} judged */
function contents({ changes, effects }) {
  changes.forEach(({ before, after }) => { learnOf(before); learnOf(after); });
  return html`${effects.map((effect) => notice('warn', html`<p><b>${affected(effect)}</b></p><p>${effect.text}</p>
    ${effect.sums.length > 0 ? html`<ul>${effect.sums.map((sum) => html`<li>${t('save.sum', { id: sum.agreementId, from: number(sum.from), to: number(sum.to) })}</li>`)}</ul>` : nothing}
    ${effect.choices.length > 0 ? html`<p>${t('save.end')}</p>` : nothing}`))}
  ${effects.length === 0 ? html`<p>${t('save.noEffect')}</p>` : nothing}
  <div class="table-box"><table class="changes"><thead><tr><th scope="col">${t('configure.sophos')}</th><th scope="col">${t('save.before')}</th><th scope="col">${t('save.after')}</th></tr></thead>
  <tbody>${changes.map(({ before, after }) => html`<tr><th scope="row">${sophosName(after)}</th>
    <td data-label=${t('save.before')}><div>${standing(before)}</div></td><td data-label=${t('save.after')}><div>${standing(after)}</div></td></tr>`)}</tbody></table></div>`;
}

/** @param {Effect} effect */
function affected(effect) {
  const known = product(effect.psaProductId);
  return known?.identifier ? `${known.description || known.identifier} (${known.identifier})` : t('map.id', { id: effect.psaProductId });
}

/** How a row is, in words: its ConnectWise product or its state, its rule, its sync.
 * @param {ProductRow} row */
export function standing(row) {
  const known = product(row.psaProductId);
  const target = row.state === 'mapped'
    ? (known?.identifier ? psaName({ ...known, price: undefined }) : html`<span class="code">${t('map.id', { id: row.psaProductId ?? '' })}</span>`)
    : html`${word('state', row.state)}${row.reason ? html`: ${row.reason}` : nothing}`;
  return html`${target} ${row.combine ? html`<span class="muted">${t(row.combine === 'addUp' ? 'combine.addUp' : 'combine.takeLargest')}</span>` : nothing}
    ${badge(row.sync ? 'good' : 'quiet', row.sync ? t('sync.isOn') : t('sync.isOff'), row.sync ? 'good' : 'pause')}`;
}
