// Still billing: additions that ConnectWise bills and no sync looks after any more; what shall become of them.

import { html, nothing } from './vendor/lit-html/lit-html.js';
import { call, may, Refused } from './api.js';
import { foot, openDialog } from './dialog.js';
import { draw, say } from './draw.js';
import { compare, date, moment, money, month as monthName, number, t, word } from './language.js';
import { badge, empty, field, icon, loadingRows, problemNotice, radios, valueOf, workButton } from './parts.js';
import { lastDay, once } from './month-decision.js';
import { agreementOf, namesOf } from './month-why.js';
import { moneys, perMonth } from './sums.js';

/** @typedef {import('../types').StillBilling} Still */
/** @typedef {import('../types').EndChoice} Choice */

const A_REQUEST = 50;

/** @param {import('./month.js').Month} of */
export function stillBilling(of) {
  /** @type {Set<number>} */
  const selected = new Set();

  /** @param {Still[]} rows @param {Choice} choice @param {string} why @param {string} [date] the cancelled date of cancelOn */
  async function send(rows, choice, why, date) {
    const moved = [];
    for (let from = 0; from < rows.length; from += A_REQUEST) {
      const chunk = rows.slice(from, from + A_REQUEST);
      const body = { additions: chunk.map((row) => ({ agreementId: row.agreementId, additionId: row.additionId, version: row.version, choice, why, date })) };
      try {
        const answer = await once(body, (key) => call('post', '/v1/sync/still-billing/end', { body, key }));
        of.replaceStill(/** @type {Still[]} */ (answer.additions));
        for (const row of chunk) selected.delete(row.additionId);
      } catch (error) {
        if (!(error instanceof Refused) || error.problem.status !== 412) throw error;
        moved.push(...chunk);
      }
    }
    if (moved.length > 0) {
      await of.read();
      of.tell('warn', t('month.stillMoved', { n: moved.length }));
    }
  }

  /** @param {Still[]} rows */
  async function end(rows) {
    let why = '';
    let day = lastDay(of.month());
    /** @type {Choice | undefined} */
    let choice;
    let busy = false;
    let tried = false;
    /** @type {unknown} */
    let failed;
    const amounts = perMonth(rows);
    setTimeout(() => /** @type {HTMLElement | null} */ (document.querySelector('dialog input[type=radio]'))?.focus());
    const done = await openDialog({
      title: () => t('month.endTitle', { n: rows.length }),
      mayLeave: () => !busy,
      view: (close) => html`<form><div class="body">${failed ? problemNotice(failed) : nothing}
        <p class="total"><b>${t('units', { n: rows.reduce((sum, row) => sum + Number(row.quantity), 0) })}${amounts.length > 0 ? `, ${t('month.perMonth', { money: moneys(amounts) })}` : ''}</b> ${choice === 'cancelOn' ? t('month.cancelText') : choice ? t('month.endText') : nothing}</p>
        ${radios({
          name: 'end-choice', legend: t('month.endHow'), chosen: choice, error: tried && !choice ? t('month.endFirst') : undefined,
          choices: [{ value: 'cancelOn', text: t('month.cancelOn') }, { value: 'setToZero', text: t('month.setToZero') }],
          choose: (value) => { choice = /** @type {Choice} */ (value); draw(); },
        })}
        ${choice === 'cancelOn' ? field({ id: 'end-day', label: t('month.cancelDay'), error: tried && !day ? t('form.missing') : undefined, control: html`<input id="end-day" type="date" required .value=${day} @input=${(/** @type {Event} */ e) => { day = valueOf(e); draw(); }}>` }) : nothing}
        ${field({ id: 'end-why', label: t('month.endWhy'), error: tried && !why.trim() ? t('form.missing') : undefined, control: html`<input id="end-why" type="text" maxlength="400" .value=${why} @input=${(/** @type {Event} */ e) => { why = valueOf(e); }}>` })}</div>
        ${foot(workButton({ text: choice === 'cancelOn' && day ? t('month.cancelMany', { n: rows.length, day: date(day) }) : choice === 'setToZero' ? t('month.setToZeroMany', { n: rows.length }) : t('month.endMany', { n: rows.length }), busy, main: true, type: 'submit', id: 'end-do', act: async () => {
          tried = true;
          if (!choice || !why.trim() || (choice === 'cancelOn' && !day)) return draw();
          [busy, failed] = [true, undefined];
          draw();
          try {
            await send(rows, choice, why.trim(), choice === 'cancelOn' ? day : undefined);
            close(true);
          } catch (error) {
            [busy, failed] = [false, error];
            draw();
          }
        } }), () => close())}</form>`,
    });
    if (!done) return;
    say(t('month.ended', { n: rows.length }));
    draw();
    const first = rows[0];
    if (first) setTimeout(() => document.getElementById(`still-${first.additionId}`)?.focus());
  }

  /** @param {Still} row */
  async function takeBack(row) {
    try {
      await send([row], 'leave', t('month.tookBack'));
    } catch (error) {
      of.fail(error);
    }
    draw();
    setTimeout(() => document.getElementById(`still-${row.additionId}`)?.focus());
  }

  /** @param {Still} row */
  const name = (row) => `${row.customer ?? row.company ?? row.customerId}, ${row.products.join(', ')}`;

  /** @param {Still} row */
  const decision = (row) => (row.ending && row.ending.choice !== 'leave' ? html`<div>${badge('good', row.ending.choice === 'cancelOn' && row.ending.date ? t('month.cancelsNext', { day: date(row.ending.date) }) : t('month.endsNext'))}<span class="line muted">${row.ending.who}, ${moment(row.ending.at)}: ${row.ending.why}</span>
    ${may('psa/write') ? html`<button type="button" class="quiet" id="still-${row.additionId}" aria-label="${t('month.takeBack')}: ${name(row)}" @click=${() => takeBack(row)}>${icon('undo')}${t('month.takeBack')}</button>` : nothing}</div>`
    : may('psa/write') ? html`<div><button type="button" id="still-${row.additionId}" aria-label="${t('month.endAs')}: ${name(row)}" @click=${() => end([row])}>${t('month.endAs')}</button>
      <span class="line muted">${row.ending ? `${t('month.left')}: ${row.ending.who}` : t('month.orLeave')}</span></div>` : nothing);

  return {
    opened: of.needStill,
    view: () => {
      const rows = of.still()?.slice().sort((a, b) => Number(b.amountPerMonth ?? 0) - Number(a.amountPerMonth ?? 0) || compare(name(a), name(b)));
      if (rows?.length === 0) return empty(t('month.noStill'), t('month.stillHow'));
      const chosen = (rows ?? []).filter((row) => selected.has(row.additionId));
      return html`<p>${t('month.stillHow')}</p>
        ${chosen.length > 0 ? html`<div class="bulk"><b role="status">${t('month.selected', { n: chosen.length })}</b><span class="row-end"><button type="button" class="do" @click=${() => end(chosen)}>${t('month.endMany', { n: chosen.length })}</button></span></div>` : nothing}
        <div class="table-box" role="region" aria-label=${t('month.tab.still')} tabindex="0"><table class="cards">
        <thead><tr><td class="pick"></td><th scope="col">${t('month.customer')}</th><th scope="col">${t('month.product')}</th><th scope="col" class="number">${t('month.quantity')}</th><th scope="col" class="number">${t('month.eachMonth')}</th><th scope="col">${t('month.reason')}</th><th scope="col">${t('month.decision')}</th></tr></thead>
        <tbody>${rows ? rows.map((row) => html`<tr><td class="pick">${may('psa/write') && !row.ending ? html`<input type="checkbox" aria-label=${t('month.select', { name: name(row) })} .checked=${selected.has(row.additionId)} @change=${() => {
            if (selected.has(row.additionId)) selected.delete(row.additionId); else selected.add(row.additionId);
            draw();
          }}>` : nothing}</td>
          <th scope="row"><span class="name">${row.customer ?? row.company ?? row.customerId}</span><span class="line muted">${agreementOf(row)}</span></th>
          <td data-label=${t('month.product')}><div>${row.descriptions?.join(', ') || row.products.join(', ')}<span class="line muted">→ ${namesOf(row)}, ${t('month.additionShort', { id: row.additionId })}</span></div></td>
          <td class="number" data-label=${t('month.quantity')}>${number(row.quantity)}</td><td class="number" data-label=${t('month.eachMonth')}>${row.amountPerMonth ? money(row.amountPerMonth, row.currency) : '–'}</td>
          <td data-label=${t('month.reason')}><div><b>${word('month.stillReason', row.reason)}</b><span class="line">${row.what}</span><span class="line"><b>${t('advice')}</b> ${row.advice}</span><span class="line muted">${t('month.setLast', { month: monthName(row.month) })}${row.cancelledDate ? ` · ${t('month.cancelledOn', { day: date(row.cancelledDate) })}` : ''}</span></div></td>
          <td class="decide" data-label=${t('month.decision')}>${decision(row)}</td></tr>`) : loadingRows(7, 4)}</tbody></table></div>`;
    },
  };
}
