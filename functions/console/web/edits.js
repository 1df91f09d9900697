// What an edit changed, in words: each field that differs, before and after.

import { html } from './vendor/lit-html/lit-html.js';
import { money, t, word } from './language.js';
import { ask, product } from './psa.js';

/** @typedef {import('../types').EditRow} Edit */
/** @typedef {import('./language.js').Key} Key */

/** How the fields of edits are called where they are edited.
 * @type {Record<string, Key>} */
const LABELS = {
  sync: 'configure.sync', product: 'configure.psa', state: 'history.state', combine: 'edit.combine', firewall: 'configure.firewall', reason: 'edit.reason',
  company: 'customers.companyLabel', agreement: 'agreement.legend', writes: 'writes.title', timeZone: 'timeZone.label',
  'frequency.every': 'frequency.legend', 'frequency.day': 'frequency.day', 'frequency.month': 'frequency.month',
  'guards.newMonthDays': 'guard.newMonthDays', language: 'alert.language', mail: 'alert.mail', 'wanted.failed': 'alert.failed', 'wanted.held': 'alert.held', 'wanted.missed': 'alert.missed', 'wanted.quietDays': 'alert.quiet',
  category: 'product.categoryId', subcategory: 'product.subcategoryId', type: 'product.typeId', unit: 'product.unitId',
  site: 'connection.site', publicKeyEnd: 'connection.publicKey', clientIdEnd: 'connection.clientId',
};
/** What follows from an edit or names it, and is no change of its own. */
const LEFT_OUT = new Set(['version', 'lastUpdated', 'updatedBy', 'applied', 'available', 'customer', 'code', 'id', 'database']);

/** The fields of an object with those of the objects in it, by their paths.
 * @param {unknown} value @param {string} [path]
 * @returns {[string, unknown][]} */
function fields(value, path = '') {
  if (value === null || typeof value !== 'object' || Array.isArray(value) || 'name' in value) return [[path, value]];
  return Object.entries(value).filter(([name]) => !LEFT_OUT.has(name)).flatMap(([name, inner]) => fields(inner, path ? `${path}.${name}` : name));
}

/** @param {string} path */
function label(path) {
  const known = LABELS[path];
  if (known) return t(known);
  const guard = /^guards\.(\w+)\.(percent|units)$/.exec(path);
  if (guard) return `${word('guard', guard[1])} (${word('guard', guard[2])})`;
  const named = word('product', path);
  return named === path ? path : named;
}

/** @param {string} path @param {unknown} value */
function shown(path, value) {
  if (value === null || value === undefined || value === '') return '–';
  if (typeof value === 'boolean') return value ? t('yes') : t('no');
  if (path === 'price' || path === 'cost') return money(String(value));
  if (path === 'product') return product(Number(value))?.identifier ?? t('map.id', { id: String(value) });
  if (path === 'company' || path === 'agreement') return t('map.id', { id: String(value) });
  const group = { 'frequency.every': 'frequency', 'frequency.month': 'frequency.month', combine: 'combine', state: 'state', class: 'class' }[path];
  if (group) return word(group, String(value));
  if (typeof value === 'object') return 'name' in value ? String(value.name) : Array.isArray(value) ? value.join(', ') : JSON.stringify(value);
  return String(value);
}

/** @param {Edit} edit */
export function difference(edit) {
  const [before, after] = [new Map(fields(edit.before ?? {})), new Map(fields(edit.after ?? {}))];
  const paths = [...new Set([...before.keys(), ...after.keys()])].filter((path) => path !== '' && JSON.stringify(before.get(path)) !== JSON.stringify(after.get(path)));
  if (edit.kind === 'product') ask([before.get('product'), after.get('product')].map((id) => (id == null ? null : Number(id))));
  return paths.map((path) => html`<span class="line"><span class="muted">${label(path)}:</span> ${shown(path, before.get(path))} → ${shown(path, after.get(path))}</span>`);
}
