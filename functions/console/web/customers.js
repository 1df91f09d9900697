// Customers: which ConnectWise company and agreement each Sophos customer is billed by, and how its last sync ended.

import { html, nothing } from './vendor/lit-html/lit-html.js';
import { repeat } from './vendor/lit-html/directives/repeat.js';
import { link, setParams } from './address.js';
import { all, call, may } from './api.js';
import { draw } from './draw.js';
import { compare, date, moment, month, t } from './language.js';
import { mapCustomer, suggest } from './map-customer.js';
import { badge, chips, empty, icon, iconButton, loadingRows, notice, problemNotice, searchBox, toggle, workButton } from './parts.js';
import { saveRows } from './save.js';

/** @typedef {import('../types').CustomerRow} Row */
/** @typedef {import('../types').CustomerSaveRow} SaveRow */
/** @typedef {import('../types').RenewalRow} Renewal */
/** @typedef {import('./map-customer.js').Place} Place */
/** @typedef {{ mapTo?: Place, sync?: boolean, unmap?: boolean }} Edit */
/** @typedef {{ customerId: string, name: string, before?: Row['mapping'], after?: Row['mapping'], version: number }} Change */

const FILTERS = /** @type {const} */ (['all', 'available', 'succeeded', 'failed', 'mapped', 'unmapped', 'unsaved']);

/** @param {Record<string, string>} params
 * @returns {import('./app.js').Screen} */
export function open(params) {
  /** @type {Row[] | undefined} */
  let rows;
  /** @type {unknown} */
  let failed;
  /** @type {Map<string, Edit>} */
  const edits = new Map();
  /** @type {Map<string, Row>} */
  const theirs = new Map();
  /** @type {Map<string, string>} */
  let wrong = new Map();
  /** Companies that fit an unmapped customer, once somebody asked for them.
   * @type {Map<string, Place[]>} */
  const suggested = new Map();
  let suggesting = false;
  /** @type {Renewal[] | undefined} */
  let renewals;
  let renewing = false;
  /** @type {{ kind: 'good' | 'warn', text: string } | undefined} */
  let told;
  let show = params.show ?? 'all';
  let text = params.text ?? '';

  async function read() {
    failed = undefined;
    try {
      rows = (await all('/v1/customer-mappings', { pageSize: 500 })).sort((a, b) => compare(a.name ?? a.customerId, b.name ?? b.customerId));
    } catch (error) {
      failed = error;
    }
    draw();
  }
  read();

  /** A row as it would be with what is staged.
   * @param {Row} row
   * @returns {Row} */
  function after(row) {
    const edit = edits.get(row.customerId);
    if (!edit) return row;
    if (edit.unmap) return { ...row, mapping: null };
    const target = edit.mapTo ? { ...edit.mapTo, applied: false, sync: edit.sync ?? row.syncAvailable } : row.mapping;
    return { ...row, mapping: target ? { ...target, sync: edit.sync ?? target.sync } : null };
  }

  /** @param {Row} row @param {string} filter */
  function passes(row, filter) {
    if (filter === 'available') return row.syncAvailable;
    if (filter === 'succeeded') return row.lastSync?.succeeded === true;
    if (filter === 'failed') return row.lastSync?.succeeded === false;
    if (filter === 'mapped') return row.mapping != null;
    if (filter === 'unmapped') return row.mapping == null;
    if (filter === 'unsaved') return edits.has(row.customerId);
    return true;
  }

  /** @param {Row} row */
  function contains(row) {
    const words = [row.name, row.customerId, row.mapping?.companyName, row.mapping?.agreementName].join('\n').toLowerCase();
    return text.trim().toLowerCase().split(/\s+/).every((part) => words.includes(part));
  }

  /** @param {Row} row @param {Edit} more */
  function stage(row, more) {
    const stored = rows?.find((one) => one.customerId === row.customerId);
    const edit = more.mapTo || more.unmap ? more : { ...edits.get(row.customerId), ...more };
    if (edit.sync !== undefined && !edit.mapTo && edit.sync === stored?.mapping?.sync) delete edit.sync;
    if (Object.keys(edit).length > 0) edits.set(row.customerId, edit);
    else edits.delete(row.customerId);
    suggested.delete(row.customerId);
    wrong.delete(row.customerId);
    told = undefined;
    draw();
  }

  /** @param {Row} row */
  async function map(row) {
    const edit = await mapCustomer(row);
    if (edit) stage(row, edit);
  }

  /** Looks for companies of all unmapped customers that can be synced, a few at a time. */
  async function suggestAll() {
    suggesting = true;
    draw();
    const queue = (rows ?? []).filter((row) => row.mapping == null && row.syncAvailable && !edits.has(row.customerId));
    const work = async () => {
      for (let row = queue.shift(); row; row = queue.shift()) {
        suggested.set(row.customerId, await suggest(row.customerId).catch(() => []));
        draw();
      }
    };
    await Promise.all([work(), work(), work()]);
    suggesting = false;
    draw();
  }

  async function checkRenewals() {
    renewing = true;
    draw();
    try {
      renewals = await all('/v1/customer-mappings/renewals');
    } catch (error) {
      failed = error;
    }
    renewing = false;
    draw();
  }

  async function save() {
    const saving = (rows ?? []).filter((row) => edits.has(row.customerId));
    const wanted = saving.map((row) => {
      const { mapTo, ...rest } = /** @type {Edit} */ (edits.get(row.customerId));
      return { customerId: row.customerId, version: row.version, ...rest, ...(mapTo ? { mapTo: { companyId: mapTo.companyId, agreementId: mapTo.agreementId, confirmCycle: mapTo.confirmCycle } } : {}) };
    });
    /** @type {import('./save.js').Outcome<Change, Row> | undefined} */
    const outcome = await saveRows('/v1/customer-mappings/save', wanted, contents);
    if (!outcome) return;
    [failed, wrong] = [undefined, new Map()];
    if ('theirs' in outcome) {
      for (const row of outcome.theirs) {
        theirs.set(row.customerId, row);
        rows = rows?.map((one) => (one.customerId === row.customerId ? { ...one, mapping: row.mapping, version: row.version } : one));
      }
      told = { kind: 'warn', text: t('conflict.customers', { n: outcome.theirs.length }) };
    } else if ('wrong' in outcome) {
      wrong = new Map([...outcome.wrong].map(([row, detail]) => [saving[row]?.customerId ?? '', detail]));
      failed = outcome.error;
    } else {
      edits.clear();
      theirs.clear();
      told = { kind: 'good', text: t('configure.saved', { n: saving.length }) };
      if (show === 'unsaved') filter('all');
      await read();
    }
    draw();
    queueMicrotask(() => queueMicrotask(() => document.getElementById('told')?.focus()));
  }

  /** @param {{ changes: Change[], notes: { customerId: string, text: string }[] }} judged */
  function contents({ changes, notes }) {
    return html`${changes.map((change) => html`<div class="card"><p><b>${change.name}</b></p>
      <p><span class="muted">${t('save.before')}:</span> ${place(change.before)}</p><p><span class="muted">${t('save.after')}:</span> ${place(change.after)}</p>
      ${notes.filter((note) => note.customerId === change.customerId).map((note) => notice('warn', html`<p>${note.text}</p>`))}</div>`)}`;
  }

  /** @param {Row['mapping']} target */
  const place = (target) => (target ? html`<span class="name">${target.companyName ?? t('customers.company', { id: target.companyId })}</span>
    <span class="muted">· ${target.agreementName ?? t('customers.agreement', { id: target.agreementId })}</span> ${badge(target.sync ? 'good' : 'quiet', target.sync ? t('sync.isOn') : t('sync.isOff'), target.sync ? 'good' : 'pause')}`
    : html`<span class="muted">${t('state.unmapped')}</span>`);

  /** @param {string} value */
  function filter(value) {
    show = value;
    setParams({ show: value === 'all' ? undefined : value });
    draw();
  }

  /** @param {Row} row as it would be */
  function status(row) {
    const last = row.lastSync;
    if (!last) return html`<span class="muted">${row.syncAvailable ? t('customers.never') : t('customers.notMonthly')}</span>`;
    return html`${last.succeeded ? badge('good', t('customers.ok')) : badge('bad', t('customers.failed'))}
      ${last.held > 0 ? html`<a href=${link('month', { month: last.month, group: 'customer', text: row.name ?? row.customerId })}>${badge('warn', t('customers.held', { n: last.held }), 'wait')}</a>` : nothing}
      <span class="line muted">${t('customers.when', { month: month(last.month), at: moment(last.at) })}</span>
      ${last.failure ? html`<span class="line sentence">${last.failure.what}</span><span class="line"><b>${t('advice')}</b> ${last.failure.advice}
        ${last.failure.productCode ? html`<a href=${link('configure', { text: last.failure.productCode })}>${t('customers.showProduct', { code: last.failure.productCode })}</a>` : nothing}</span>` : nothing}`;
  }

  /** @param {Row} row as it would be */
  function target(row) {
    const offers = suggested.get(row.customerId);
    return html`${row.mapping ? html`<span class="name">${row.mapping.companyName ?? t('customers.company', { id: row.mapping.companyId })}</span>
        <span class="line muted">${[row.mapping.agreementName, row.mapping.agreementType, row.mapping.billingCycle, row.mapping.parentAgreement ? t('agreement.child', { name: row.mapping.parentAgreement }) : '',
          t('customers.ids', { company: row.mapping.companyId, agreement: row.mapping.agreementId })].filter(Boolean).join(' · ')}</span>`
      : badge('warn', t('state.unmapped'))}
      ${offers?.length === 0 ? html`<span class="line muted">${t('customers.noSuggestion')}</span>` : nothing}
      ${(offers ?? []).slice(0, 2).map((offer) => html`<span class="line"><button type="button" class="accept" @click=${() => stage(row, { mapTo: offer })}>${icon('good')}${t('customers.accept', { company: offer.companyName, agreement: offer.agreementName })}</button></span>`)}
      ${edits.has(row.customerId) ? html`<span class="line">${badge('info', t('row.unsaved'), 'edit')}
        <button type="button" class="quiet" @click=${() => { edits.delete(row.customerId); theirs.delete(row.customerId); wrong.delete(row.customerId); draw(); }}>${icon('undo')}${t('row.undo')}</button></span>` : nothing}
      ${theirs.has(row.customerId) ? html`<span class="line">${t('conflict.theirs')}: ${place(theirs.get(row.customerId)?.mapping)}</span>` : nothing}
      ${wrong.has(row.customerId) ? html`<span class="error">${icon('bad')}${wrong.get(row.customerId)}</span>` : nothing}`;
  }

  /** @param {Row} row as it would be */
  function line(row) {
    const name = row.name ?? row.customerId;
    const on = row.mapping?.sync ?? false;
    const state = !row.syncAvailable ? t('customers.notMonthly') : row.mapping ? (on ? t('sync.on') : t('sync.off')) : t('sync.mapFirst');
    return html`<tr class=${theirs.has(row.customerId) ? 'conflict' : wrong.has(row.customerId) ? 'wrong' : edits.has(row.customerId) ? 'edited' : ''}>
      <th scope="row"><span class=${row.name ? 'name' : 'code'}>${name}</span>${row.suspended ? html` ${badge('warn', t('customers.suspended'), 'pause')}` : nothing}</th>
      <td data-label=${t('customers.target')}><div class="with-action"><div>${target(row)}</div>${may('psa/write') ? iconButton('edit', t('customers.map', { name }), () => map(row)) : nothing}</div></td>
      <td data-label=${t('customers.last')}><div>${status(row)}</div></td>
      <td data-label=${t('configure.sync')}>${toggle({ label: t('sync.of', { name }), on, word: state, disabled: !row.mapping || !may('psa/write') || (!row.syncAvailable && !on), toggle: () => stage(row, { sync: !on }) })}</td></tr>`;
  }

  const renewalList = () => (renewals === undefined ? nothing : html`<section class="panel"><h2>${t('renewals.title', { n: renewals.length })}</h2>
    ${renewals.length === 0 ? html`<p>${t('renewals.none')}</p>` : renewals.map((one) => html`<div class="card"><p><b>${one.name}</b> <span class="muted">${one.mapping.agreementName}${one.endsOn ? ` · ${date(one.endsOn)}` : ''}</span></p><p>${one.what}</p>
      <p class="row-end">${may('psa/write') ? one.candidates.map((next) => html`<button type="button" title=${next.question} @click=${() => {
        const row = rows?.find((each) => each.customerId === one.customerId);
        if (row) stage(row, { mapTo: { companyId: one.mapping.companyId, companyName: one.mapping.companyName ?? '', agreementId: next.agreementId, agreementName: next.name } });
      }}>${t('renewals.move', { agreement: next.name, id: next.agreementId })}</button>`) : nothing}</p></div>`)}</section>`);

  function answer() {
    const list = rows ?? [];
    const count = (/** @type {string} */ value) => list.filter((row) => passes(row, value)).length;
    const first = list.filter((row) => row.mapping?.sync && !row.mapping.applied).length;
    const waiting = list.filter((row) => row.mapping == null && row.syncAvailable).length;
    return html`${t('customers.answer', { n: list.length, mapped: count('mapped'), available: count('available') })}
      ${first > 0 ? t('customers.previewFirst', { n: first }) : nothing} ${waiting > 0 ? html`<strong>${t('customers.waiting', { n: waiting })}</strong>` : nothing} ${count('failed') > 0 ? html`<strong>${t('customers.failures', { n: count('failed') })}</strong>` : nothing}`;
  }

  return {
    view: () => {
      const list = (rows ?? []).map(after);
      const shown = list.filter((row) => passes(row, show) && contains(row));
      const free = list.some((row) => row.mapping == null && row.syncAvailable);
      return html`<div class="head"><div><h1>${t('nav.customers')}</h1><p class="answer">${rows ? answer() : failed ? nothing : t('loading')}</p></div>
        <div class="actions">${may('psa/write') && free ? workButton({ text: t('customers.suggest'), busy: suggesting, act: suggestAll }) : nothing}
          ${workButton({ text: t('renewals.check'), busy: renewing, act: checkRenewals })}
          ${may('psa/write') ? html`<button type="button" class="main" id="save" aria-disabled=${edits.size === 0 ? 'true' : nothing} @click=${() => { if (edits.size > 0) save(); }}>${edits.size === 0 ? t('save.none') : t('save.do', { n: edits.size })}</button>` : nothing}</div></div>
      ${told ? notice(told.kind, html`<p>${told.text}</p>`, { id: 'told', focus: true, close: () => { told = undefined; draw(); } }) : nothing}
      ${failed ? problemNotice(failed, { id: told ? undefined : 'told', again: rows ? undefined : read }) : nothing}
      ${renewalList()}
      <div class="tools">${searchBox(t('customers.search'), text, (typed) => { text = typed; setParams({ text }); draw(); })}
        ${chips(t('filter.label'), FILTERS.filter((value) => value !== 'unsaved' || edits.size > 0).map((value) => ({ value, text: t(`customers.show.${value}`), count: rows ? list.filter((row) => passes(row, value)).length : undefined, kind: value === 'failed' && list.some((row) => passes(row, 'failed')) ? 'bad' : undefined })), show, filter)}</div>
      <div class="table-box" role="region" aria-label=${t('customers.table')} tabindex="0"><table class="cards">
        <thead><tr><th scope="col">${t('customers.customer')}</th><th scope="col">${t('customers.target')}</th><th scope="col">${t('customers.last')}</th><th scope="col">${t('configure.sync')}</th></tr></thead>
        <tbody>${rows ? repeat(shown, (/** @type {Row} */ row) => row.customerId, line) : loadingRows(4)}</tbody></table></div>
      ${rows && shown.length === 0 ? (list.length === 0 ? empty(t('customers.empty'), t('customers.emptyHow')) : empty(t('filter.none'), html`<button type="button" @click=${() => { text = ''; setParams({ text: undefined }); filter('all'); }}>${t('filter.clear')}</button>`)) : nothing}`;
    },
    update: (next) => { show = next.show ?? 'all'; text = next.text ?? ''; },
    reload: () => { read(); if (renewals) checkRenewals(); },
    unsaved: () => edits.size,
  };
}
