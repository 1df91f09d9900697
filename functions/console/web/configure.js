// Configure usage sync, the mission's page: one row per Sophos product, what it is mapped to, and whether it is synced.

import { html, nothing } from './vendor/lit-html/lit-html.js';
import { guard } from './vendor/lit-html/directives/guard.js';
import { repeat } from './vendor/lit-html/directives/repeat.js';
import { setParams } from './address.js';
import { all, call, may } from './api.js';
import { draw, say } from './draw.js';
import { compare, language, moment, month, number, t, word } from './language.js';
import { mapProduct, psaName, sophosName } from './map-product.js';
import { badge, chips, empty, icon, iconButton, loadingRows, notice, problemNotice, searchBox, toggle } from './parts.js';
import { ask, broken, learnOf, product } from './psa.js';
import { addProduct, viewProduct } from './psa-product.js';
import { saveProducts, standing } from './save-products.js';
import { changed, others, saveRow, staged } from './staged.js';
import { syncSettings } from './sync-settings.js';

/** @typedef {import('../types').ProductRow} ProductRow */
/** @typedef {import('./staged.js').Edit} Edit */

const KEPT = 'unsaved-products';
const FILTERS = /** @type {const} */ (['all', 'mapped', 'unmapped', 'broken', 'excluded', 'off', 'unsaved']);

/** @param {Record<string, string>} params
 * @returns {import('./app.js').Screen} */
export function open(params) {
  /** @type {ProductRow[] | undefined} */
  let rows;
  /** @type {unknown} */
  let failed;
  /** @type {Map<string, Edit>} */
  const edits = new Map(JSON.parse(sessionStorage.getItem(KEPT) ?? '[]'));
  sessionStorage.removeItem(KEPT);
  /** What somebody else has made of a row meanwhile.
   * @type {Map<string, { row: ProductRow, who?: string, at?: string }>} */
  const theirs = new Map();
  /** What the API says against a row.
   * @type {Map<string, string>} */
  let wrong = new Map();
  /** @type {{ kind: 'good' | 'warn', text: string } | undefined} */
  let told;
  let show = params.show ?? 'all';
  let text = params.text ?? '';

  async function read() {
    failed = undefined;
    try {
      rows = (await all('/v1/product-mappings', { pageSize: 500 })).sort((a, b) => compare(a.description ?? a.code, b.description ?? b.code));
      for (const code of edits.keys()) if (!rows.some((row) => row.code === code)) edits.delete(code);
      rows.forEach(learnOf);
      ask(rows.map((row) => row.psaProductId));
    } catch (error) {
      failed = error;
    }
    draw();
  }
  read();

  const now = () => (rows ?? []).map((row) => changed(row, edits.get(row.code)));
  const isBroken = (/** @type {ProductRow} */ row) => row.state === 'mapped' && broken(row.psaProductId) !== undefined;
  const isUnmapped = (/** @type {ProductRow} */ row) => row.state === 'unmapped' || row.state === 'removed';

  /** The newest usage month of any row: the one that the column names. */
  const latest = () => (rows ?? []).reduce((newest, row) => ((row.lastSeen?.month ?? '') > newest ? (row.lastSeen?.month ?? '') : newest), '');

  /** @param {ProductRow} row @param {string} filter */
  function passes(row, filter) {
    if (filter === 'mapped') return row.state === 'mapped';
    if (filter === 'unmapped') return isUnmapped(row);
    if (filter === 'broken') return isBroken(row);
    if (filter === 'excluded') return row.state === 'excluded';
    if (filter === 'off') return row.state === 'mapped' && !row.sync;
    if (filter === 'unsaved') return edits.has(row.code);
    return true;
  }

  /** @param {ProductRow} row */
  function contains(row) {
    const known = product(row.psaProductId);
    const words = [row.code, row.description, row.group, known?.identifier, known?.description].join('\n').toLowerCase();
    return text.trim().toLowerCase().split(/\s+/).every((part) => words.includes(part));
  }

  /** Stages a change of a row; the row says what it is from then on.
   * @param {string} code @param {Edit} more */
  function stage(code, more) {
    const row = rows?.find((one) => one.code === code);
    if (!row) return;
    const edit = staged(row, edits.get(code), more);
    if (edit) edits.set(code, edit);
    else edits.delete(code);
    wrong.delete(code);
    told = undefined;
    // One rule holds for all parts of a combined product; the API gives it to the parts that are stored already.
    if (more.combine) {
      for (const other of others(now(), code, changed(row, edit).psaProductId)) {
        const staging = edits.get(other.code);
        if (staging?.mapTo !== undefined) edits.set(other.code, { ...staging, combine: more.combine });
      }
    }
    ask([more.mapTo]);
    draw();
  }

  /** @param {string} code */
  function undo(code) {
    edits.delete(code);
    theirs.delete(code);
    wrong.delete(code);
    say(t('row.undone'));
    draw();
  }

  /** @param {ProductRow} row as it would be */
  async function map(row) {
    const edit = await mapProduct(row, now());
    if (edit) stage(row.code, edit);
  }

  /** @param {ProductRow} [row] */
  async function add(row) {
    const free = now().filter((one) => isUnmapped(one)).map((one) => ({ code: one.code, text: `${one.description ?? one.code} (${one.code})` }));
    const added = await addProduct(row, free);
    if (!added) return;
    if (added.code) stage(added.code, { mapTo: added.product.id, created: true });
    const name = added.product.identifier;
    told = { kind: 'warn', text: added.code ? t('product.createdStaged', { name }) : t('product.created', { name }) };
    draw();
    focus('told');
  }

  async function save() {
    if (edits.size === 0 || !rows) return;
    const saving = rows.filter((row) => edits.has(row.code));
    const outcome = await saveProducts(saving.map((row) => saveRow(row, /** @type {Edit} */ (edits.get(row.code)))));
    if (!outcome) return;
    wrong = new Map();
    failed = undefined;
    if ('theirs' in outcome) await conflict(outcome.theirs);
    else if ('wrong' in outcome) {
      wrong = new Map([...outcome.wrong].map(([row, detail]) => [saving[row]?.code ?? '', detail]));
      failed = outcome.error;
    } else stored(outcome.saved.map((change) => change.after), saving.length);
    draw();
    focus('told');
  }

  /** @param {ProductRow[]} saved @param {number} count */
  function stored(saved, count) {
    saved.forEach(learnOf);
    const byCode = new Map(saved.map((row) => [row.code, row]));
    rows = (rows ?? []).map((row) => byCode.get(row.code) ?? row);
    edits.clear();
    theirs.clear();
    told = { kind: 'good', text: t('configure.saved', { n: count }) };
    if (show === 'unsaved') filter('all');
  }

  /** Shows theirs beside mine, with who it was.
   * @param {ProductRow[]} present */
  async function conflict(present) {
    await Promise.all(present.map(async (row) => {
      const edited = await call('get', '/v1/edits', { query: { product: row.code, pageSize: 1 } }).catch(() => undefined);
      const last = edited?.items[0];
      theirs.set(row.code, { row, who: last?.who, at: last?.at });
    }));
    ask(present.map((row) => row.psaProductId));
    told = { kind: 'warn', text: t('conflict.told', { n: present.length }) };
  }

  /** Ends a conflict: with mine on top of theirs, or with theirs.
   * @param {string} code @param {boolean} mine */
  function settle(code, mine) {
    const there = theirs.get(code);
    if (!there) return;
    rows = (rows ?? []).map((row) => (row.code === code ? there.row : row));
    theirs.delete(code);
    const edit = edits.get(code);
    edits.delete(code);
    if (mine && edit) stage(code, edit);
    if (theirs.size === 0) told = undefined;
    draw();
    queueMicrotask(() => document.getElementById(`sync-${code}`)?.focus());
  }

  /** @param {string} id */
  function focus(id) {
    queueMicrotask(() => queueMicrotask(() => document.getElementById(id)?.focus()));
  }

  /** @param {string} value */
  function filter(value) {
    show = value;
    setParams({ show: value === 'all' ? undefined : value });
    draw();
  }

  /** @param {ProductRow[]} list */
  function answer(list) {
    const count = (/** @type {string} */ value) => list.filter((row) => passes(row, value)).length;
    const parts = [t('configure.count', { n: list.length }), t('configure.mapped', { n: count('mapped') })];
    if (count('unmapped')) parts.push(t('configure.unmapped', { n: count('unmapped') }));
    if (count('excluded')) parts.push(t('configure.excluded', { n: count('excluded') }));
    const unsynced = list.filter(isUnmapped).reduce((sum, row) => sum + (row.unsyncedUnits ?? 0), 0);
    const sentence = `${parts[0]}: ${parts.slice(1).join(', ')}.`;
    return html`${sentence} ${unsynced > 0 ? t('configure.unsynced', { n: unsynced }) : nothing}
      ${count('broken') ? html`<strong>${t('configure.broken', { n: count('broken') })}</strong>` : nothing}`;
  }

  /** @param {ProductRow} row as it would be @param {ProductRow[]} with_ the others of its combined product */
  function target(row, with_) {
    if (row.state === 'excluded') return html`${badge('quiet', t('state.excluded'), 'none')} <span class="muted">${row.reason}</span>`;
    if (row.state !== 'mapped') return badge('warn', t('state.unmapped'));
    const known = product(row.psaProductId);
    const why = broken(row.psaProductId);
    return html`${known && !known.gone ? psaName(known) : html`<span class="code">${t('map.id', { id: row.psaProductId ?? '' })}</span>`}
      ${why ? badge('bad', t(`broken.${why}`)) : nothing}
      ${with_.length > 0 ? html`<span class="line muted">${t('combine.with', { codes: with_.map((other) => other.code).join(', '), rule: row.combine ? t(`combine.${row.combine}`) : '–' })}</span>` : nothing}`;
  }

  /** @param {ProductRow} row as it would be */
  function sync(row) {
    const writable = may('psa/write');
    const mapped = row.state === 'mapped';
    const paused = row.sync && isBroken(row);
    const state = paused ? t('sync.paused') : row.sync ? t('sync.on') : mapped ? t('sync.off') : row.state === 'excluded' ? t('sync.excluded') : t('sync.mapFirst');
    return toggle({ id: `sync-${row.code}`, label: t('sync.of', { name: row.description ?? row.code }), on: row.sync, word: state, disabled: !mapped || !writable, toggle: () => stage(row.code, { sync: !row.sync }) });
  }

  /** @param {ProductRow} row as it would be @param {ProductRow[]} with_ @param {boolean} hidden */
  function line(row, with_, hidden) {
    const edit = edits.get(row.code);
    const name = row.description ?? row.code;
    const there = theirs.get(row.code);
    const fault = wrong.get(row.code);
    return html`<tr ?hidden=${hidden} class=${there ? 'conflict' : fault ? 'wrong' : edit ? 'edited' : ''} data-code=${row.code}>
      <th scope="row">${sophosName(row)}${row.firewall ? html` <span class="muted">· ${t('configure.firewall')}</span>` : nothing}</th>
      <td data-label=${t('configure.psa')}><div class="with-action"><div>${target(row, with_)}
        ${edit ? html`<span class="line">${badge('info', edit.created ? t('row.created') : t('row.unsaved'), 'edit')}
          <button type="button" class="quiet" @click=${() => undo(row.code)}>${icon('undo')}${t('row.undo')}</button></span>` : nothing}
        ${fault ? html`<span class="error">${icon('bad')}${fault}</span>` : nothing}</div>
        ${may('psa/write') ? iconButton('edit', t('row.map', { name }), () => map(row), { id: `map-${row.code}` }) : nothing}</div></td>
      <td class="number" data-label=${t('configure.units')}>${row.lastSeen ? html`${number(row.lastSeen.units)}${row.lastSeen.month === latest() ? nothing : html`<span class="line muted">${month(row.lastSeen.month)}</span>`}` : '–'}</td>
      <td class="middle" data-label=${t('configure.details')}>${row.state === 'mapped' ? iconButton('details', t('row.view', { name }), () => viewProduct(row.psaProductId ?? 0).then(() => ask([row.psaProductId], true)))
        : may('psa/write') && row.state !== 'excluded' ? iconButton('add', t('row.add', { name }), () => add(row)) : '–'}</td>
      <td data-label=${t('configure.sync')}>${sync(row)}</td></tr>
      ${there ? html`<tr class="conflict"><td colspan="5"><div class="versus" role="group" aria-label=${t('conflict.of', { name })}>
        <div><p class="label">${there.who ? t('conflict.theirsBy', { who: there.who, at: there.at ? moment(there.at) : '' }) : t('conflict.theirs')}</p><p>${standing(there.row)}</p>
          <button type="button" @click=${() => settle(row.code, false)}>${t('conflict.takeTheirs')}</button></div>
        <div><p class="label">${t('conflict.mine')}</p><p>${standing(row)}</p>
          <button type="button" @click=${() => settle(row.code, true)}>${t('conflict.keepMine')}</button></div></div></td></tr>` : nothing}`;
  }

  /** @param {ProductRow[]} list as they would be */
  function table(list) {
    const shown = new Set(list.filter((row) => passes(row, show) && contains(row)));
    /** @type {Map<number, ProductRow[]>} */
    const byProduct = new Map();
    for (const row of list) {
      if (row.psaProductId != null) byProduct.set(row.psaProductId, [...(byProduct.get(row.psaProductId ?? 0) ?? []), row]);
    }
    // A row is drawn again only if something of it has changed: a list of 1,000 follows the typing.
    const drawn = (/** @type {ProductRow} */ row, /** @type {number} */ at) => {
      const with_ = (byProduct.get(row.psaProductId ?? 0) ?? []).filter((other) => other.code !== row.code);
      const on = [rows?.[at], edits.get(row.code), theirs.get(row.code), wrong.get(row.code), product(row.psaProductId), with_.map((other) => other.code).join(), row.combine, shown.has(row), language()];
      return guard(on, () => line(row, with_, !shown.has(row)));
    };
    return html`<div class="table-box" role="region" aria-label=${t('configure.table')} tabindex="0"><table class="products">
      <thead><tr><th scope="col">${t('configure.sophos')}</th><th scope="col">${t('configure.psa')}</th><th scope="col" class="number">${latest() ? t('configure.unitsOf', { month: month(latest()) }) : t('configure.units')}</th>
        <th scope="col" class="middle">${t('configure.details')}</th><th scope="col">${t('configure.sync')}</th></tr></thead>
      <tbody>${rows ? repeat(list, (/** @type {ProductRow} */ row) => row.code, drawn) : loadingRows(5)}</tbody></table></div>
      ${rows && shown.size === 0 ? (list.length === 0 ? empty(t('configure.empty'), t('configure.emptyHow')) : empty(t('filter.none'), html`<button type="button" @click=${() => {
        text = '';
        setParams({ text: undefined });
        filter('all');
      }}>${t('filter.clear')}</button>`)) : nothing}
      <p class="unseen" role="status">${rows ? t('configure.shown', { n: shown.size }) : t('loading')}</p>`;
  }

  /** @param {ProductRow[]} list as they would be */
  const head = (list) => html`<div class="head"><div><h1>${t('nav.configure')}</h1><p class="answer">${rows ? answer(list) : failed ? nothing : t('loading')}</p></div>
    <div class="actions">${may('psa/write') ? html`<button type="button" @click=${() => add()}>${icon('add')}${t('product.add')}</button>` : nothing}
      <button type="button" @click=${syncSettings}>${t('settings.sync')}</button>
      ${may('psa/write') ? html`<button type="button" class="main" id="save" aria-disabled=${edits.size === 0 || theirs.size > 0 ? 'true' : nothing} @click=${() => { if (theirs.size === 0) save(); }}>
        ${edits.size === 0 ? t('save.none') : t('save.do', { n: edits.size })}</button>` : nothing}</div></div>`;

  /** @param {ProductRow[]} list as they would be */
  const draws = (list) => html`${head(list)}
      ${told ? notice(told.kind, html`<p>${told.text}</p>`, { id: 'told', focus: true, close: () => { told = undefined; draw(); } }) : nothing}
      ${failed ? problemNotice(failed, { id: told ? undefined : 'told', again: rows ? undefined : read }) : nothing}
      <div class="tools">${searchBox(t('configure.search'), text, (typed) => {
        text = typed;
        setParams({ text });
        draw();
      })}${chips(t('filter.label'), FILTERS.filter((value) => value !== 'unsaved' || edits.size > 0).map((value) => ({
        value, text: t(`filter.${value}`), count: rows ? list.filter((row) => passes(row, value)).length : undefined, kind: value === 'broken' && list.some(isBroken) ? 'bad' : undefined,
      })), show, filter)}</div>
      ${table(list)}
      <details class="help"><summary>${t('help.title')}</summary><p>${t('help.wayIn')}</p><p>${t('help.states')}</p>
        <ul>${['off', 'unmapped', 'excluded', 'removed'].map((state) => html`<li><b>${word('state', state)}</b>: ${word('explained', state)}</li>`)}</ul></details>`;

  return {
    view: () => draws(now()),
    update: (next) => {
      show = next.show ?? 'all';
      text = next.text ?? '';
    },
    reload: () => { read(); },
    unsaved: () => edits.size,
    keep: () => sessionStorage.setItem(KEPT, JSON.stringify([...edits])),
  };
}
