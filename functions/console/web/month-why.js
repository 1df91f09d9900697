// Why a line waits, unfolded in place: the usage lines behind it, what ConnectWise has, since when, and who decided.

import { html, nothing } from './vendor/lit-html/lit-html.js';
import { call, Refused } from './api.js';
import { draw } from './draw.js';
import { date, moment, money, number, t, word } from './language.js';
import { problemNotice } from './parts.js';
import { keyOf, known } from './month-decision.js';
import { landingText } from './sums.js';

/** @typedef {import('../types').HoldRow} Hold */
/** @typedef {import('../types').UsageLineRow} UsageLine */

/** @type {Map<string, { lines?: UsageLine[], failed?: unknown, gone?: boolean }>} */
const read = new Map();

/** Reads the usage lines of a line that waits, once for each run that saw it.
 * @param {Hold} hold */
export async function readUsage(hold) {
  const key = `${hold.runId} ${keyOf(hold)}`;
  if (read.has(key)) return;
  read.set(key, {});
  try {
    const found = await Promise.all(hold.products.map(async (product) => {
      /** @type {UsageLine[]} */
      const lines = [];
      /** @type {string | undefined} */
      let next;
      do {
        const page = await call('get', '/v1/sync/runs/{runId}/usage-lines', { path: { runId: hold.runId }, query: { customer: hold.customerId, product, pageFromKey: next } });
        lines.push(...page.items);
        next = page.pages.nextKey ?? undefined;
      } while (next);
      return lines;
    }));
    read.set(key, { lines: found.flat() });
  } catch (error) {
    const gone = error instanceof Refused && error.problem.code === 'usageLinesGone';
    read.set(key, gone ? { gone } : { failed: error });
  }
  draw();
}

/** @param {UsageLine} line */
const period = (line) => (line.hasPeriod ? `${date(line.billingStart)} – ${date(line.billingEnd)}` : line.billingStart || line.billingEnd ? `${line.billingStart} – ${line.billingEnd}` : '–');

/** @param {Hold} hold */
function usage(hold) {
  const found = read.get(`${hold.runId} ${keyOf(hold)}`);
  if (found?.gone) return html`<p class="muted">${t('month.linesGone')}</p>`;
  if (found?.failed) return problemNotice(found.failed);
  if (!found?.lines) return html`<div class="bones"><span class="bone"></span></div>`;
  if (found.lines.length === 0) return html`<p>${t('month.noLines')}</p>`;
  return html`<div class="inner"><table>
    <caption>${t('month.usageLines')}</caption>
    <thead><tr><th scope="col">${t('configure.sophos')}</th><th scope="col">${t('month.order')}</th><th scope="col">${t('month.serial')}</th><th scope="col">SKU</th>
      <th scope="col">${t('month.period')}</th><th scope="col" class="number">${t('configure.units')}</th><th scope="col" class="number">${t('month.actual')}</th><th scope="col" class="number">${t('month.ordered')}</th></tr></thead>
    <tbody>${found.lines.map((line) => html`<tr><th scope="row">${line.description || line.product}</th><td>${line.order || '–'}${line.orderLine ? ` / ${line.orderLine}` : ''}</td><td>${line.serial || '–'}</td>
      <td>${line.sku || '–'}</td><td>${period(line)}</td><td class="number">${line.units ?? html`<b>${line.unreadable}</b>`}</td><td class="number">${line.actual || '–'}</td><td class="number">${line.ordered || '–'}</td></tr>`)}</tbody></table></div>`;
}

/** The names of a ConnectWise product, or its id where nothing has seen it.
 * @param {{ psaProductId: number, psaProduct?: { identifier: string, description: string } | null }} of */
export const namesOf = ({ psaProductId, psaProduct: of }) => (of ? `${of.identifier} ${of.description}` : t('map.id', { id: psaProductId }));

/** How the agreement bills, as far as ConnectWise says.
 * @param {{ agreement?: string | null, agreementId?: number | null, billingCycle?: string | null, parentAgreement?: string | null }} hold */
export const agreementOf = (hold) => [hold.agreement ?? t('month.agreementId', { id: hold.agreementId ?? '' }), hold.billingCycle, hold.parentAgreement ? t('month.childOf', { name: hold.parentAgreement }) : '']
  .filter(Boolean).join(' · ');

/** @param {Hold} hold */
export function why(hold) {
  const decision = hold.decision;
  return html`<div class="why">
    <p><b>${t('advice')}</b> ${hold.advice}</p>
    ${usage(hold)}
    <dl class="facts">
      <div><dt>${t('month.inConnectwise')}</dt><dd>${hold.company ? `${hold.company}, ` : ''}${agreementOf(hold)}${hold.agreement ? ` (${t('map.id', { id: hold.agreementId })})` : ''}${hold.agreementType ? `, ${hold.agreementType}` : ''}</dd></div>
      <div><dt>${t('month.addition')}</dt><dd>${hold.additionId ? t('month.additionId', { id: hold.additionId, quantity: number(hold.quantity) }) : known(hold) ? t('month.noAddition') : t('month.unclearAddition')}${hold.unitPrice ? `, ${t('month.price', { price: money(hold.unitPrice, hold.currency) })}` : ''}</dd></div>
      ${hold.landing ? html`<div><dt>${t('month.invoice')}</dt><dd>${landingText(hold)}</dd></div>` : nothing}
      <div><dt>${t('month.since')}</dt><dd>${moment(hold.since)}</dd></div>
      <div><dt>${t('month.seen')}</dt><dd>${moment(hold.seenAt)}</dd></div>
      ${decision ? html`<div><dt>${t('month.decidedBy')}</dt><dd>${decision.who}, ${moment(decision.at)}: ${decision.why}${decision.reading ? ` (${word('reading', decision.reading)})` : ''}</dd></div>` : nothing}
    </dl></div>`;
}
