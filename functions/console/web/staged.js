// What a person has changed in the rows of Configure usage sync and not saved yet.

/** @typedef {import('../types').ProductRow} ProductRow */
/** @typedef {import('../types').ProductSaveRow} ProductSaveRow */
/** @typedef {'addUp' | 'takeLargest'} Combine */

/** A staged change: what it does not name stays as it is.
 * @typedef {object} Edit
 * @property {number} [mapTo] the ConnectWise product's id
 * @property {boolean} [created] that product was created from this page
 * @property {boolean} [unmap]
 * @property {string} [exclude] the reason
 * @property {boolean} [sync]
 * @property {Combine} [combine]
 * @property {boolean} [firewall]
 */

/** A row as it would be with its change.
 * @param {ProductRow} row
 * @param {Edit} [edit]
 * @returns {ProductRow} */
export function changed(row, edit) {
  if (!edit) return row;
  const next = { ...row, firewall: edit.firewall ?? row.firewall, combine: edit.combine ?? row.combine };
  if (edit.exclude !== undefined) return { ...next, state: 'excluded', reason: edit.exclude, psaProductId: null, combine: null, sync: false };
  if (edit.unmap) return { ...next, state: 'removed', psaProductId: null, combine: null, sync: false };
  if (edit.mapTo === undefined) return { ...next, sync: edit.sync ?? row.sync };
  const combine = edit.combine ?? (edit.mapTo === row.psaProductId ? row.combine : null);
  return { ...next, state: 'mapped', reason: null, psaProductId: edit.mapTo, combine, sync: edit.sync ?? true };
}

/** Adds to a row's change; none is left where the row would be as it was.
 * @param {ProductRow} row
 * @param {Edit | undefined} before
 * @param {Edit} more
 * @returns {Edit | undefined} */
export function staged(row, before, more) {
  const target = more.mapTo !== undefined || more.unmap || more.exclude !== undefined;
  const kept = target ? { firewall: before?.firewall } : { ...before };
  const edit = { ...kept, ...more };
  if (edit.mapTo !== undefined && edit.mapTo === row.psaProductId) delete edit.mapTo;
  if (edit.unmap && row.psaProductId == null && row.state !== 'excluded') delete edit.unmap;
  const next = changed(row, edit);
  const same = /** @type {(keyof ProductRow)[]} */ (['state', 'psaProductId', 'sync', 'combine', 'reason', 'firewall']);
  return same.every((name) => (next[name] ?? null) === (row[name] ?? null)) ? undefined : edit;
}

/** The change as the API takes it.
 * @param {ProductRow} row
 * @param {Edit} edit
 * @returns {ProductSaveRow} */
export function saveRow(row, edit) {
  const { created: _, ...rest } = edit;
  const named = Object.entries(rest).filter(([, value]) => value !== undefined);
  return /** @type {ProductSaveRow} */ ({ code: row.code, version: row.version, ...Object.fromEntries(named) });
}

/** The other Sophos products that go to the same ConnectWise product, as all staged changes would have it.
 * @param {ProductRow[]} rows as they would be
 * @param {string} code
 * @param {number | null | undefined} product */
export const others = (rows, code, product) => (product == null ? [] : rows.filter((row) => row.psaProductId === product && row.code !== code));
