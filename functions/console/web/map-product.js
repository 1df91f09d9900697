// The dialog "Map a Sophos product to a ConnectWise product": search, suggestions, how to combine, and the two other ends.

import { html, nothing } from './vendor/lit-html/lit-html.js';
import { call, may } from './api.js';
import { combobox } from './combobox.js';
import { foot, openDialog } from './dialog.js';
import { draw } from './draw.js';
import { money, number, t, word } from './language.js';
import { badge, icon, radios, valueOf } from './parts.js';
import { learn, product } from './psa.js';
import { others } from './staged.js';

/** @typedef {import('../types').ProductRow} ProductRow */
/** @typedef {import('../types').FoundProduct} FoundProduct */
/** @typedef {import('../types').ProductSuggestion} Suggestion */
/** @typedef {import('./staged.js').Edit} Edit */
/** @typedef {import('./staged.js').Combine} Combine */

/** A Sophos product's name and code.
 * @param {ProductRow} row */
export const sophosName = (row) => html`<span class="name">${row.description ?? row.code}</span>
  ${row.description && row.description !== row.code ? html` <span class="code">${row.code}</span>` : nothing}`;

/** A ConnectWise product: description, identifier and price; its id alone while nothing else is known.
 * @param {{ id: number, identifier: string, description: string, price?: string | null }} of */
export const psaName = (of) => html`<span class="name">${of.description || of.identifier}</span>
  <span class="together"><span class="code">${of.identifier}</span>${of.price ? html` <span class="price">${money(of.price)}</span>` : nothing}</span>`;

/** Opens the dialog for a row; the result is the change to be staged.
 * @param {ProductRow} row as it would be with what is staged
 * @param {ProductRow[]} rows all of them, likewise
 * @returns {Promise<Edit | undefined>} */
export function mapProduct(row, rows) {
  /** @type {number | undefined} */
  let chosen = row.psaProductId ?? undefined;
  /** @type {Combine | undefined} */
  let combine = row.combine ?? undefined;
  let firewall = row.firewall;
  let reason = row.reason ?? '';
  let missing = { product: false, combine: false, reason: false };
  /** @type {Suggestion[]} */
  let suggestions = [];

  call('get', '/v1/product-mappings/suggestions', { query: { code: row.code } }).then((list) => {
    suggestions = list.items;
    draw();
  }, () => undefined);

  /** @param {number} id */
  const isSuggested = (id) => suggestions.some((one) => one.psaProductId === id);
  const together = () => others(rows, row.code, chosen);

  /** @param {FoundProduct} found */
  function pick(found) {
    learn(found);
    choose(found.id);
  }

  /** @param {number} id */
  function choose(id) {
    chosen = id;
    combine = together().find((other) => other.combine)?.combine ?? undefined;
    if (id === row.psaProductId) combine = row.combine ?? combine;
    missing = { product: false, combine: false, reason: false };
    draw();
    queueMicrotask(() => document.getElementById('map-apply')?.focus());
  }

  const box = combobox({
    id: 'map-product',
    label: () => t('map.label'),
    hint: () => t('map.hint'),
    search: (text, signal) => call('get', '/v1/psa/products/search', { query: { text }, signal }),
    show: (/** @type {FoundProduct} */ found) => html`${psaName(found)}${isSuggested(found.id) ? badge('info', t('map.suggested')) : nothing}`,
    pick,
  });

  const card = () => {
    if (chosen === undefined) return missing.product ? html`<p class="error" role="alert">${icon('bad')}${t('map.chooseFirst')}</p>` : nothing;
    const known = product(chosen);
    return html`<div class="card chosen"><p class="label">${chosen === row.psaProductId ? t('map.now') : t('map.chosen')}</p>
      <p>${known ? psaName(known) : html`<span class="code">${t('map.id', { id: chosen })}</span>`}</p></div>`;
  };

  const question = () => {
    const with_ = together();
    if (with_.length === 0) return nothing;
    return html`<div class="card">${radios({
      name: 'combine',
      legend: t('combine.question', { n: with_.length, names: with_.map((other) => other.code).join(', ') }),
      choices: [
        { value: 'addUp', text: t('combine.addUp'), hint: t('combine.addUpHint') },
        { value: 'takeLargest', text: t('combine.takeLargest'), hint: t('combine.takeLargestHint') },
      ],
      chosen: combine,
      choose: (value) => { combine = /** @type {Combine} */ (value); missing.combine = false; draw(); },
      error: missing.combine ? t('combine.chooseFirst') : undefined,
    })}</div>`;
  };

  const offered = () => (suggestions.length === 0 ? nothing : html`<div class="suggestions"><p class="label" id="map-suggestions">${t('map.suggestions')}</p>
    <ul aria-labelledby="map-suggestions">${suggestions.slice(0, 3).map((one) => html`<li>
      <button type="button" class="suggestion" @click=${() => pick({ id: one.psaProductId, identifier: one.identifier, description: one.description, exact: false, match: 'word' })}>
        <span>${psaName({ id: one.psaProductId, identifier: one.identifier, description: one.description })}</span>
        <small>${word('because', one.because)}${one.mapped.length ? html` · ${t('map.mappedFrom', { codes: one.mapped.join(', ') })}` : nothing}</small></button></li>`)}
    </ul></div>`);

  return openDialog({
    title: () => t('map.title'),
    view: (close) => {
      const apply = () => {
        missing = { product: chosen === undefined, combine: together().length > 0 && !combine, reason: false };
        draw();
        if (missing.product || missing.combine) return;
        close({ mapTo: chosen, firewall, ...(together().length > 0 ? { combine } : {}), ...(chosen === row.psaProductId ? { sync: row.sync } : {}) });
      };
      const exclude = () => {
        missing.reason = reason.trim() === '';
        draw();
        if (!missing.reason) close({ exclude: reason.trim(), firewall });
      };
      return html`<div class="body">
        <p class="subject">${sophosName(row)}${row.lastSeen ? html` <span class="muted">${t('units', { n: number(row.lastSeen.units) })}</span>` : nothing}</p>
        ${box.view()}${card()}${question()}${offered()}
        <details class="other"><summary>${t('map.other')}</summary>
          <label class="choice"><input type="checkbox" .checked=${firewall} @change=${(/** @type {Event} */ e) => { firewall = /** @type {HTMLInputElement} */ (e.target).checked; }}>
            <span>${t('map.firewall')}<small>${t('map.firewallHint')}</small></span></label>
          ${row.psaProductId == null && row.state !== 'excluded' ? nothing : html`<p><button type="button" @click=${() => close({ unmap: true, firewall })}>${row.state === 'excluded' ? t('map.bill') : t('map.remove')}</button>
            <span class="hint">${row.state === 'excluded' ? t('map.billHint') : t('map.removeHint')}</span></p>`}
          <div class="field ${missing.reason ? 'wrong' : ''}"><label for="exclude-reason">${t('map.exclude')}</label>
            <input id="exclude-reason" type="text" maxlength="500" .value=${reason} aria-describedby="exclude-hint" @input=${(/** @type {Event} */ e) => { reason = valueOf(e); }}>
            <p class="hint" id="exclude-hint">${t('map.excludeHint')}</p>
            ${missing.reason ? html`<p class="error" role="alert">${icon('bad')}${t('map.reasonFirst')}</p>` : nothing}
            <button type="button" @click=${exclude}>${t('map.excludeDo')}</button></div>
        </details></div>
        ${foot(may('psa/write') ? html`<button type="button" class="main" id="map-apply" @click=${apply}>${t('apply')}</button>` : nothing, () => close())}`;
    },
  });
}
