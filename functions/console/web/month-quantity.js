// The dialog for another quantity than the usage: fixed, a minimum, or some more or less, for one usage month or several.

import { html, nothing } from './vendor/lit-html/lit-html.js';
import { foot, openDialog } from './dialog.js';
import { draw } from './draw.js';
import { month as monthName, number, t } from './language.js';
import { REASONS, send, takes } from './month-decision.js';
import { field, notice, problemNotice, radios, valueOf, workButton } from './parts.js';
import { total } from './sums.js';

/** @typedef {import('../types').HoldRow} Hold */
/** @typedef {import('../types').QuantityNamed} Quantity */
/** @typedef {import('../types').ReasonName} Reason */

const RULES = /** @type {const} */ (['fixed', 'minimum', 'plus', 'minus']);
/** For so many months after its usage month another quantity can be decided. */
const MOST_MONTHS = 36;

/** What a rule bills for the line; nothing where that depends on a usage that is not known.
 * @param {Hold} hold @param {Quantity} quantity */
function billedBy(hold, { rule, value }) {
  if (rule === 'fixed') return value;
  if (!hold.used) return undefined;
  if (rule === 'minimum') return Number(hold.used) < Number(value) ? value : hold.used;
  const sum = total([hold.used, rule === 'plus' ? value : `-${value}`]);
  return Number(sum) < 0 ? '0' : sum;
}

/** @param {Hold} hold @param {Quantity} quantity */
function billedText(hold, quantity) {
  const billed = number(billedBy(hold, quantity) ?? 0);
  return hold.used ? t('month.usedBilled', { used: number(hold.used), billed }) : t('month.unknownBilled', { billed });
}

/** The usage month and those after it, as 2026-11.
 * @param {string} from */
function monthsFrom(from) {
  const [year, first] = [Number(from.slice(0, 4)), Number(from.slice(5, 7)) - 1];
  return Array.from({ length: MOST_MONTHS + 1 }, (_, n) => new Date(Date.UTC(year, first + n, 1)).toISOString().slice(0, 7));
}

/** Asks for the quantity, its months and the reason, and decides the lines.
 * @param {Hold[]} asked
 * @returns {Promise<import('./month-decision.js').Decided | undefined>} */
export function decideQuantity(asked) {
  const offered = asked.filter((hold) => takes(hold));
  const rules = RULES.filter((rule) => offered.some((hold) => takes(hold, rule)));
  const months = monthsFrom(asked[0]?.month ?? '');
  /** @type {typeof RULES[number] | undefined} */
  let rule = rules.length === 1 ? rules[0] : undefined;
  let typed = '';
  let until = months[0] ?? '';
  /** @type {Reason | undefined} */
  let reason;
  let note = '';
  let busy = false;
  let tried = false;
  /** @type {unknown} */
  let failed;

  const value = () => typed.trim().replace(',', '.');
  const fits = () => /^\d{1,7}(\.\d{1,2})?$/.test(value()) && Number(value()) <= 1_000_000 && (rule === 'fixed' || Number(value()) > 0);
  const holds = () => offered.filter((hold) => takes(hold, rule));
  /** @returns {Quantity | undefined} */
  const quantity = () => (rule && fits() ? { rule, value: value() } : undefined);

  /** @param {(result?: import('./month-decision.js').Decided) => void} close */
  async function act(close) {
    tried = true;
    draw();
    const chosen = quantity();
    if (!chosen || !reason) return;
    [busy, failed] = [true, undefined];
    draw();
    try {
      close(await send(holds(), 'useQuantity', { reason, why: note.trim() || undefined, quantity: chosen, until }));
    } catch (error) {
      [busy, failed] = [false, error];
      draw();
    }
  }

  setTimeout(() => /** @type {HTMLElement | null} */ (document.querySelector('dialog input'))?.focus());

  function button() {
    const [chosen, single] = [quantity(), holds().length === 1 ? holds()[0] : undefined];
    const billed = chosen && single ? billedBy(single, chosen) : undefined;
    return billed ? t('month.write', { quantity: number(billed) }) : t('month.useQuantityMany', { n: holds().length });
  }

  return openDialog({
    title: () => (asked.length === 1 && asked[0] ? `${t('month.otherQuantity')}: ${asked[0].customer}` : t('month.otherQuantity')),
    wide: offered.length > 1,
    mayLeave: () => !busy,
    view: (close) => {
      const chosen = quantity();
      const left = asked.length - holds().length;
      return html`<form @submit=${(/** @type {Event} */ event) => event.preventDefault()}><div class="body">
        ${failed ? problemNotice(failed) : nothing}
        ${radios({
          name: 'rule', legend: t('month.rule'), chosen: rule, error: tried && !rule ? t('month.ruleFirst') : undefined,
          choices: rules.map((one) => ({ value: one, text: t(`month.rule.${one}`) })),
          choose: (one) => { rule = /** @type {typeof RULES[number]} */ (one); draw(); },
        })}
        ${field({
          id: 'quantity-value', label: t('month.value'), error: tried && rule && !fits() ? t('month.valueFirst') : undefined,
          control: html`<input id="quantity-value" type="text" inputmode="decimal" maxlength="12" autocomplete="off" .value=${typed} @input=${(/** @type {Event} */ e) => { typed = valueOf(e); draw(); }}>`,
        })}
        ${field({
          id: 'quantity-until', label: t('month.untilMonth'), hint: t('month.untilHint'),
          control: html`<select id="quantity-until" @change=${(/** @type {Event} */ e) => { until = valueOf(e); draw(); }}>${months.map((one, n) => html`<option value=${one} ?selected=${one === until}>${n === 0 ? t('month.thisMonth', { month: monthName(one) }) : t('month.everyUntil', { month: monthName(one) })}</option>`)}</select>`,
        })}
        ${radios({
          name: 'reason', legend: t('month.whyOther'), chosen: reason, error: tried && !reason ? t('month.whyFirst') : undefined,
          choices: REASONS.map((one) => ({ value: one, text: t(`month.because.${one}`) })),
          choose: (one) => { reason = /** @type {Reason} */ (one); draw(); },
        })}
        ${field({ id: 'decision-note', label: t('month.note'), control: html`<input id="decision-note" type="text" maxlength="400" .value=${note} @input=${(/** @type {Event} */ e) => { note = valueOf(e); }}>` })}
        ${left > 0 ? notice('warn', html`<p>${t('month.leftOut', { n: left })}</p>`) : nothing}
        ${chosen ? html`<ul class="plain" id="quantity-effect">${holds().map((hold) => html`<li>${hold.customer} · ${hold.products.join(', ')} · <b>${billedText(hold, chosen)}</b></li>`)}</ul>` : nothing}
      </div>${foot(offered.length > 0 ? workButton({ text: button(), busy, act: () => act(close), main: true, type: 'submit', id: 'decide-do' }) : nothing, () => close())}</form>`;
    },
  });
}
