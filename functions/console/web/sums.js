// Exact sums of the API's decimal texts, and money by currency: amounts in two currencies are never added up.

import { date, dayOf, money, signed, signedMoney, t } from './language.js';

/** @typedef {import('../types').Amount} Amount */
/** @typedef {import('../types').HoldRow} Hold */
/** @typedef {import('../types').QuantityChange} Change */

/** The sum of decimal texts, without the rounding of JavaScript's numbers.
 * @param {(string | number)[]} texts */
export function total(texts) {
  const parts = texts.map((text) => /^([+-]?)(\d+)(?:\.(\d+))?$/.exec(String(text)) ?? ['0', '', '0']);
  const scale = Math.max(0, ...parts.map(([, , , fraction = '']) => fraction.length));
  const sum = parts.reduce((all, [, sign, whole, fraction = '']) => all + BigInt(`${sign === '-' ? '-' : ''}${whole}${fraction.padEnd(scale, '0')}`), 0n);
  const digits = String(sum < 0n ? -sum : sum).padStart(scale + 1, '0');
  const cut = digits.length - scale;
  return `${sum < 0n ? '-' : ''}${digits.slice(0, cut)}${scale > 0 ? `.${digits.slice(cut)}` : ''}`;
}

/** The amounts added up, one for each currency.
 * @param {Amount[]} amounts
 * @returns {Amount[]} */
export function byCurrency(amounts) {
  const currencies = [...new Set(amounts.map((one) => one.currency ?? ''))].sort();
  return currencies.map((currency) => ({ currency, amount: total(amounts.filter((one) => (one.currency ?? '') === currency).map((one) => one.amount)) }));
}

/** What additions cost a month, one amount for each currency.
 * @param {import('../types').StillBilling[]} rows */
export const perMonth = (rows) => byCurrency(rows.flatMap((row) => (row.amountPerMonth ? [{ currency: row.currency, amount: row.amountPerMonth }] : [])));

/** The amounts that say something: where one is not zero, those that are zero are left out.
 * @param {Amount[]} amounts */
function telling(amounts) {
  const some = amounts.filter((one) => Number(one.amount) !== 0);
  return some.length > 0 ? some : amounts;
}

/** Differences of money in words: "+1,204.00 EUR".
 * @param {Amount[]} amounts */
export const differences = (amounts) => telling(amounts).map((one) => signedMoney(one.amount, one.currency)).join(' · ');

/** @param {Amount[]} amounts */
export const moneys = (amounts) => telling(amounts).map((one) => money(one.amount, one.currency)).join(' · ');

/** What the releases of these lines come to. Lines that can be read in several ways count by the reading given.
 * @param {Hold[]} holds
 * @param {string} [reading] */
export function sumOf(holds, reading) {
  const changes = holds.flatMap((hold) => {
    const change = releaseOf(hold, reading);
    return change ? [{ change, currency: hold.currency }] : [];
  });
  const amounts = changes.flatMap(({ change, currency }) => (change.amount ? [{ currency, amount: change.amount }] : []));
  return { lines: changes.length, units: total(changes.map(({ change }) => change.units)), amounts: byCurrency(amounts), priced: amounts.length };
}

/** What a release of the line does.
 * @param {Hold} hold
 * @param {string} [reading]
 * @returns {Change | undefined} */
export function releaseOf(hold, reading) {
  return hold.release ?? hold.readings?.find((offer) => offer.reading === reading)?.release ?? undefined;
}

/** How many units more, and from which day a new addition bills them, or until which day one that ends.
 * @param {Change} change */
export function unitsText(change) {
  const key = change.does === 'end' ? 'month.until' : 'month.from';
  return change.date ? `${signed(change.units)} · ${t(key, { day: dayOf(change.date) })}` : signed(change.units);
}

/** Units and money of a sum in words: "+312 units, +1,204.00 EUR".
 * @param {{ units: string, amounts: Amount[] }} sum */
export function sumText(sum) {
  const units = t('month.units', { n: Number(sum.units), units: signed(sum.units) });
  return sum.amounts.length > 0 ? `${units}, ${differences(sum.amounts)}` : units;
}

/** On which ConnectWise invoice it lands; of an agreement that does not bill monthly, also that nothing is billed before.
 * @param {{ billingCycle?: string | null, billingMonths?: number | null, landing?: string | null, landsOn?: string | null }} line */
export const landingText = (line) => [line.landing, line.landsOn && line.billingCycle && line.billingMonths !== 1 ? t('agreement.nextBilled', { day: date(line.landsOn) }) : ''].filter(Boolean).join(' · ');
