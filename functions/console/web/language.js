// What people read: one catalogue for each language, and numbers, money and dates as the language writes them.

/** @typedef {keyof typeof import('./text/en.js').default} Key */
/** @typedef {'en' | 'it'} Language */
/** @typedef {Record<string, string | number>} Values */

/** @type {Record<string, string | Record<string, string>>} */
let messages = {};
/** @type {Language} */
let chosen = 'en';
/** @type {string | undefined} */
let zone;

/** The language that is shown. */
export const language = () => chosen;

/** The language of an earlier visit, or the first one of the browser's that the page has. */
export function preferred() {
  const wanted = [localStorage.getItem('language') ?? '', ...navigator.languages];
  const known = wanted.map((tag) => tag.slice(0, 2).toLowerCase()).find((tag) => tag === 'it' || tag === 'en');
  return /** @type {Language} */ (known ?? 'en');
}

/** Shows this language from now on.
 * @param {Language} wanted */
export async function choose(wanted) {
  const catalogue = wanted === 'it' ? await import('./text/it.js') : await import('./text/en.js');
  messages = catalogue.default;
  chosen = wanted;
  localStorage.setItem('language', wanted);
  document.documentElement.lang = wanted;
}

/** The partner's time zone: moments are shown in it.
 * @param {string} name */
export function setTimeZone(name) {
  zone = name;
}

/** A message with its values filled in. One with forms takes the form of the number `n`.
 * @param {Key} key
 * @param {Values} [values] */
export function t(key, values = {}) {
  const found = messages[key];
  if (found === undefined) throw new Error(`no message ${key}`);
  const rule = () => kept(/** @type {any} */ (Intl.PluralRules), {}).select(Number(values.n));
  const text = typeof found === 'string' ? found : (found[rule()] ?? found.other ?? '');
  return text.replace(/\{(\w+)\}/g, (_, name) => {
    const value = values[name];
    return typeof value === 'number' ? number(value) : String(value ?? '');
  });
}

/** The message of one value of an enumeration, such as a state; the value itself where the page does not know it yet.
 * @param {string} group
 * @param {string | null | undefined} value */
export function word(group, value) {
  const key = `${group}.${value}`;
  return key in messages ? t(/** @type {Key} */ (key)) : String(value ?? '');
}

/** @param {number | string} value */
export function number(value) {
  return format({ maximumFractionDigits: 6 }, value);
}

/** A number with its sign: +4, −3.
 * @param {number | string} value */
export function signed(value) {
  return format({ signDisplay: 'exceptZero', maximumFractionDigits: 6 }, value);
}

/** An amount of money, with its currency where ConnectWise says which.
 * @param {string | number} amount
 * @param {string | null} [currency] */
export function money(amount, currency) {
  const style = currency ? { style: 'currency', currency } : { minimumFractionDigits: 2, maximumFractionDigits: 2 };
  return format(style, amount);
}

/** A difference of money with its sign: +18.00, −4.50. No line breaks between the sign and the currency.
 * @param {string | number} amount
 * @param {string | null} [currency] */
export function signedMoney(amount, currency) {
  const style = currency ? { style: 'currency', currency } : { minimumFractionDigits: 2, maximumFractionDigits: 2 };
  return format({ ...style, signDisplay: 'exceptZero' }, amount).replace(/^[+−](?=\D)/, '$&\u2060');
}

/** A decimal text is formatted as it is: a number of JavaScript would round it.
 * @param {object} how
 * @param {string | number} value */
function format(how, value) {
  return kept(/** @type {any} */ (Intl.NumberFormat), { useGrouping: 'always', ...how }).format(/** @type {number} */ (/** @type {unknown} */ (value))).replace(/^-/, '−');
}

/** Making a formatter takes long, and a list of 1,000 lines needs one for each number: they are made once.
 * @type {Map<string, any>} */
const formatters = new Map();

/** @template T
 * @param {new (language: string, how: any) => T} kind @param {object} how
 * @returns {T} */
function kept(kind, how) {
  const tag = chosen === 'en' && kind.name === 'DateTimeFormat' ? 'en-GB' : chosen;
  const key = `${kind.name} ${tag} ${JSON.stringify(how)}`;
  if (!formatters.has(key)) formatters.set(key, new kind(tag, how));
  return formatters.get(key);
}

/** A day, such as 30 Nov 2026.
 * @param {string} day as 2026-11-30 */
export function date(day) {
  return shownDate(new Date(`${day.slice(0, 10)}T00:00:00Z`), { dateStyle: 'medium', timeZone: 'UTC' });
}

/** A day of a year that is clear, such as 17 Nov.
 * @param {string} day as 2026-11-17 */
export const dayOf = (day) => shownDate(new Date(`${day}T00:00:00Z`), { day: 'numeric', month: 'short', timeZone: 'UTC' });

/** A moment, in the partner's time zone.
 * @param {string} at as 2026-11-30T18:00:00Z */
export function moment(at) {
  return shownDate(new Date(at), { dateStyle: 'medium', timeStyle: 'short', timeZone: zone });
}

/** A usage month, such as November 2026.
 * @param {string} month as 2026-11 */
export function month(month) {
  return shownDate(new Date(`${month}-01T00:00:00Z`), { month: 'long', year: 'numeric', timeZone: 'UTC' });
}

/** @param {Date} at @param {Intl.DateTimeFormatOptions} how */
function shownDate(at, how) {
  return Number.isNaN(at.getTime()) ? '–' : kept(/** @type {any} */ (Intl.DateTimeFormat), how).format(at);
}

/** Texts in the order of the language, whatever their case.
 * @param {string} a @param {string} b */
export const compare = (a, b) => kept(/** @type {any} */ (Intl.Collator), { sensitivity: 'base', numeric: true }).compare(a, b);
