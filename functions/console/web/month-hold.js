// One line that waits for a decision: who, what, how many, how much, why, until when, and what can be decided.

import { html, nothing } from './vendor/lit-html/lit-html.js';
import { may } from './api.js';
import { link } from './address.js';
import { date, moment, number, signedMoney, t, word } from './language.js';
import { badge, icon } from './parts.js';
import { asDecided, decisionText, isElsewhere, isWriting, keepText, keyOf, known, takes, writable, writeText } from './month-decision.js';
import { agreementOf, namesOf, why } from './month-why.js';
import { landingText, releaseOf, unitsText } from './sums.js';

/** @typedef {import('../types').HoldRow} Hold */
/** What a line may do, and how it is shown.
 * @typedef {object} Shown
 * @property {boolean} selectable
 * @property {boolean} selected
 * @property {boolean} unfolded
 * @property {boolean} changing its decision is being taken back
 * @property {Hold | undefined} before what was seen when somebody else changed it
 * @property {(on: boolean, event?: MouseEvent) => void} select
 * @property {() => void} unfold
 * @property {() => void} write
 * @property {() => void} move
 * @property {() => void} keep
 * @property {() => void} other to bill another quantity than the usage
 * @property {() => void} takeBack
 * @property {() => void} change
 * @property {() => void} preview */

/** Reasons after which a preview, not a decision, puts things right. */
const BY_PREVIEW = new Set(['firstRun', 'moved', 'unfinished']);

/** @param {Hold} hold */
export const psaName = (hold) => hold.psaProduct?.identifier ?? t('map.id', { id: hold.psaProductId });

/** @param {Hold} hold */
function quantity(hold) {
  const change = releaseOf(asDecided(hold)) ?? hold.byHand;
  if (change) return html`<span class="change">${number(change.from)} → <b>${number(change.to)}</b></span><span class="line muted">${unitsText(hold.decision?.moveOn ? { ...change, date: undefined } : change)}</span>`;
  const offers = [...new Set((hold.readings ?? []).map((offer) => offer.release.to))];
  if (offers.length > 0) return html`<span class="change">${number(hold.quantity)} → <b>${offers.map((to) => number(to)).join(' / ')}</b></span>`;
  return known(hold) ? number(hold.quantity) : '–';
}

/** On which ConnectWise invoice it lands, and how long there is.
 * @param {Hold} hold */
export function due(hold) {
  if (!hold.invoice) return nothing;
  if (hold.due === 'missed') return html`${badge('bad', t('month.missed'))} <span>${t('month.missedHow', { day: date(hold.invoice) })}</span>`;
  const days = hold.daysLeft ?? undefined;
  const left = days === undefined ? '' : t('month.daysLeft', { n: days });
  return html`<span>${landingText(hold) || t('history.invoice', { day: date(hold.invoice) })}</span> ${days === undefined ? nothing : days <= 3 ? badge('warn', left, 'wait') : html`<span class="muted">· ${left}</span>`}`;
}

/** @param {Hold} hold @param {Shown} shown */
function actions(hold, shown) {
  const { decision } = hold;
  const name = `${hold.customer}, ${hold.products.join(', ')}`;
  if (decision && !shown.changing) {
    return html`<div>${badge('good', decisionText(hold))}${isWriting(hold) ? html`<span class="line">${t('month.byNext')}</span>` : nothing}<span class="line muted">${decision.who}, ${moment(decision.at)}</span>
      ${may('psa/write') ? html`<button type="button" class="quiet" id="change-${keyOf(hold)}" aria-label="${t('month.change')}: ${name}" @click=${shown.change}>${t('month.change')}</button>
        <button type="button" class="quiet" id="back-${keyOf(hold)}" aria-label="${t('month.takeBack')}: ${name}" @click=${shown.takeBack}>${icon('undo')}${t('month.takeBack')}</button>` : nothing}</div>`;
  }
  if (!may('psa/write')) return nothing;
  const keep = html`<button type="button" id="keep-${keyOf(hold)}" aria-label="${keepText(hold)}: ${name}" @click=${shown.keep}>${keepText(hold)}</button>`;
  const other = takes(hold) ? html`<button type="button" class="quiet" id="other-${keyOf(hold)}" aria-label="${t('month.useQuantity')}: ${name}" @click=${shown.other}>${t('month.useQuantity')}</button>` : nothing;
  if (writable(hold)) {
    const elsewhere = isElsewhere(hold);
    const move = elsewhere ? html`<button type="button" class="do" id="move-${keyOf(hold)}" aria-label="${t('month.moveHereAs')}: ${name}" @click=${shown.move}>${t('month.moveHereAs')}</button>` : nothing;
    return html`<div class="row-end">${move}<button type="button" class=${elsewhere ? '' : 'do'} id="write-${keyOf(hold)}" aria-label="${writeText(hold)}: ${name}" @click=${shown.write}>${writeText(hold)}</button>${keep}${other}</div>`;
  }
  if (BY_PREVIEW.has(hold.reason)) return html`<div class="row-end"><button type="button" class="do" aria-label="${t('month.previewThis')}: ${name}" @click=${shown.preview}>${t('month.previewThis')}</button>${keep}</div>`;
  return html`<div class="row-end">${keep}${other}</div>`;
}

/** @param {Hold} hold @param {Shown} shown */
function beside(hold, shown) {
  const side = (/** @type {Hold} */ one) => html`<p>${quantity(one)}</p><p>${one.what}</p>${one.decision ? html`<p>${badge('good', decisionText(one))} ${one.decision.who}, ${moment(one.decision.at)}</p>` : nothing}`;
  return html`<tr class="conflict"><td colspan="7"><p><b>${t('month.moved')}</b></p><div class="versus" role="group" aria-label=${t('month.movedOf', { name: hold.customer })}>
    <div><p class="label">${t('month.movedNow')}</p>${side(hold)}</div>
    <div><p class="label">${t('month.movedSeen')}</p>${shown.before ? side(shown.before) : nothing}</div></div></td></tr>`;
}

/** The rows of a line in the table of seven columns.
 * @param {Hold} hold @param {Shown} shown */
export function holdRows(hold, shown) {
  const key = keyOf(hold);
  const change = releaseOf(asDecided(hold)) ?? hold.byHand;
  const name = `${hold.customer}, ${hold.products.join(', ')}`;
  return html`<tr class=${shown.before ? 'conflict' : hold.decision ? 'decided' : shown.selected ? 'edited' : ''} data-key=${key}>
    <td class="pick">${may('psa/write') && shown.selectable ? html`<input type="checkbox" data-pick=${key} aria-label=${t('month.select', { name })} .checked=${shown.selected}
      @click=${(/** @type {MouseEvent} */ event) => shown.select(/** @type {HTMLInputElement} */ (event.target).checked, event)}>` : nothing}</td>
    <th scope="row"><span class="name">${hold.customer}</span><span class="line muted">${agreementOf(hold)}</span></th>
    <td data-label=${t('month.product')}><div><span class="name">${hold.descriptions?.join(', ') || hold.products.join(', ')}</span>${hold.descriptions ? html` <span class="code">${hold.products.join(', ')}</span>` : nothing}
      <span class="line muted">→ ${namesOf(hold)}</span></div></td>
    <td class="number" data-label=${t('month.billed')}><div>${quantity(hold)}${hold.overridden ? html`<span class="line muted">${hold.overridden.what}</span>` : nothing}</div></td>
    <td class="number" data-label=${t('month.money')}><div>${change?.amount ? signedMoney(change.amount, hold.currency) : '–'}</div></td>
    <td data-label=${t('month.reason')}><div><span class="sentence">${hold.what}</span>${hold.overrideEnded ? html`<span class="line">${hold.overrideEnded}</span>` : nothing}<span class="line due">${due(hold)}
      <button type="button" class="quiet" aria-expanded=${shown.unfolded ? 'true' : 'false'} aria-label="${t('month.why')}: ${name}" @click=${shown.unfold}>${shown.unfolded ? '▾' : '▸'} ${t('month.why')}</button></span>
      ${writable(hold) || hold.decision ? nothing : html`<span class="line"><b>${t('advice')}</b> ${hold.advice} ${mend(hold)}</span>`}</div></td>
    <td class="decide" data-label=${t('month.decision')}>${actions(hold, shown)}</td></tr>
    ${shown.before ? beside(hold, shown) : nothing}
    ${shown.unfolded ? html`<tr class="unfolded"><td colspan="7">${why(hold)}</td></tr>` : nothing}`;
}

/** Where a line that cannot be written is put right.
 * @param {Hold} hold */
function mend(hold) {
  if (['combineRule', 'part', 'stillBilled'].includes(hold.reason)) return html`<a href=${link('configure', { text: hold.products[0] })}>${t('nav.configure')}</a>`;
  return nothing;
}

/** What a group of lines has in common.
 * @param {'reason' | 'customer' | 'product'} group @param {Hold} hold */
export const groupName = (group, hold) => (group === 'customer' ? hold.customer : group === 'product' ? `${hold.descriptions?.join(', ') || hold.products.join(', ')} → ${psaName(hold)}` : [word('month.reason', hold.reason), hold.inQuestion].filter(Boolean).join(': '));
