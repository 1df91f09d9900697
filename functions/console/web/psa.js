// What is known of ConnectWise by ids: of products names, price, and whether they can still be mapped; of agreements their names.

import { call, Refused } from './api.js';
import { draw } from './draw.js';
import { t } from './language.js';

/** @typedef {{ id: number, identifier: string, description: string, price?: string | null, available?: boolean, inactive?: boolean,
 *   class?: string | null, gone?: boolean }} Product */

/** @type {Map<number, Product | 'asked' | 'unknown'>} */
const known = new Map();
const AT_ONCE = 4;

/** What is known of a product; nothing while it is not known yet.
 * @param {number | null | undefined} id
 * @returns {Product | undefined} */
export function product(id) {
  const found = id == null ? undefined : known.get(id);
  return typeof found === 'object' ? found : undefined;
}

/** @param {Product} given */
export function learn(given) {
  known.set(given.id, { ...product(given.id), ...given });
}

/** Learns what a row of the API says of its ConnectWise product beside the id.
 * @param {import('../types').ProductRow} row */
export function learnOf({ psaProductId: id, psaProduct: of }) {
  if (id == null || !of) return;
  const { trouble, ...names } = of;
  known.set(id, { id, ...names, gone: trouble === 'gone', inactive: trouble === 'inactive', class: trouble === 'bundle' ? 'Bundle' : names.class });
}

/** Why a mapping to this product does not work any more; nothing where it does, or is not known.
 * @param {number | null | undefined} id
 * @returns {'gone' | 'inactive' | 'bundle' | undefined} */
export function broken(id) {
  const found = product(id);
  if (!found) return undefined;
  if (found.gone) return 'gone';
  if (found.inactive) return 'inactive';
  return found.class === 'Bundle' ? 'bundle' : undefined;
}

/** Asks ConnectWise for products that are not known, a few at a time.
 * @param {(number | null | undefined)[]} ids
 * @param {boolean} [again] also for those that are known */
export async function ask(ids, again = false) {
  const wanted = [...new Set(ids)].filter((id) => id != null && (again || !known.has(id) || known.get(id) === 'unknown'));
  const queue = /** @type {number[]} */ (wanted);
  for (const id of queue) if (!product(id)) known.set(id, 'asked');
  const work = async () => {
    for (let id = queue.shift(); id !== undefined; id = queue.shift()) {
      await askFor(id);
      draw();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

/** @param {number} id */
async function askFor(id) {
  try {
    learn(await call('get', '/v1/psa/products/{id}', { path: { id } }));
  } catch (error) {
    const gone = error instanceof Refused && error.problem.status === 404;
    if (gone) learn({ id, identifier: '', description: '', gone: true });
    // Whether it can be mapped is not known then: the row shows its id alone.
    else if (!product(id)) known.set(id, 'unknown');
  }
}

/** The agreements of customers that have an id and no name.
 * @type {Map<string, { company: number, agreement: number, name: string } | undefined>} */
const agreements = new Map();
let asking = Promise.resolve();

/** Which agreement a customer is mapped to that Sophos has no name for, in words; empty for others, and while it is not known.
 * @param {import('../types').RunLine} line */
export function agreementOfUnnamed({ customer, customerId }) {
  if (!customerId || customer !== customerId) return '';
  if (!agreements.has(customerId)) {
    agreements.set(customerId, undefined);
    asking = asking.then(() => askAgreement(customerId)).catch(() => undefined);
  }
  const found = agreements.get(customerId);
  return found ? `${found.name} · ${t('customers.ids', { company: found.company, agreement: found.agreement })}` : '';
}

/** One customer after the other: ConnectWise is asked.
 * @param {string} customerId */
async function askAgreement(customerId) {
  const { items } = await call('get', '/v1/customer-mappings', { query: { text: customerId } });
  const mapping = items.find((row) => row.customerId === customerId)?.mapping;
  if (!mapping) return;
  const { companyId: company, agreementId: agreement } = mapping;
  const name = mapping.agreementName ?? (await call('get', '/v1/psa/companies/{companyId}/agreements', { path: { companyId: company } })).items.find((one) => one.id === agreement)?.name;
  if (name) agreements.set(customerId, { company, agreement, name });
  draw();
}
