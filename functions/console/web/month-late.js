// Late: the lines whose ConnectWise invoice was made without them.

import { html, nothing } from './vendor/lit-html/lit-html.js';
import { date, number, signed, signedMoney, t } from './language.js';
import { badge, empty } from './parts.js';
import { psaName } from './month-hold.js';
import { releaseOf, unitsOf } from './sums.js';

/** @param {import('./month.js').Month} of */
export function late(of) {
  return {
    view: () => {
      const lines = (of.holds() ?? []).filter((hold) => hold.due === 'missed');
      if (lines.length === 0) return empty(t('month.noLate'), t('month.lateHow'));
      return html`<p>${t('month.lateHow')}</p><div class="table-box" role="region" aria-label=${t('month.tab.late')} tabindex="0"><table class="cards">
        <thead><tr><th scope="col">${t('month.customer')}</th><th scope="col">${t('month.product')}</th><th scope="col" class="number">${t('month.billed')}</th><th scope="col" class="number">${t('month.money')}</th><th scope="col">${t('month.reason')}</th></tr></thead>
        <tbody>${lines.map((hold) => {
          const change = releaseOf(hold);
          return html`<tr><th scope="row">${hold.customer}</th><td data-label=${t('month.product')}><span>${hold.products.join(', ')} → ${psaName(hold)}</span></td>
            <td class="number" data-label=${t('month.billed')}><div>${change ? html`${number(change.from)} → ${number(change.to)}<span class="line muted">${signed(unitsOf(change))}</span>` : number(hold.quantity)}</div></td>
            <td class="number" data-label=${t('month.money')}>${change?.amount ? signedMoney(change.amount, hold.currency) : '–'}</td>
            <td data-label=${t('month.reason')}><div>${badge('bad', t('month.missed'))} ${hold.invoice ? t('month.missedHow', { day: date(hold.invoice) }) : nothing}<span class="line">${hold.what}</span></div></td></tr>`;
        })}</tbody></table></div>`;
    },
  };
}
