// What a new partner does first, one after the other, with what is done already; shown until something was written.

import { html, nothing } from './vendor/lit-html/lit-html.js';
import { link } from './address.js';
import { all, call } from './api.js';
import { draw } from './draw.js';
import { t } from './language.js';
import { badge, problemNotice } from './parts.js';

/** @typedef {{ sophos: boolean, connectwise: boolean, customers: [number, number], products: [number, number] }} Known */

/** @param {import('./month.js').Month} of */
export function checklist(of) {
  /** @type {Known | undefined} */
  let known;
  /** @type {unknown} */
  let failed;
  let asked = false;

  async function read() {
    asked = true;
    try {
      const [connections, customers, products] = await Promise.all([call('get', '/v1/connections'), all('/v1/customer-mappings', { pageSize: 500 }), all('/v1/product-mappings', { pageSize: 500 })]);
      const billable = customers.filter((row) => row.syncAvailable);
      known = {
        sophos: connections.sophos?.lastTest.works ?? false,
        connectwise: connections.connectwise?.lastTest.works ?? false,
        customers: [billable.filter((row) => row.mapping).length, billable.length],
        products: [products.filter((row) => row.state === 'mapped').length, products.filter((row) => row.state !== 'excluded').length],
      };
    } catch (error) {
      failed = error;
    }
    draw();
  }

  /** @param {{ key: 'sophos' | 'connectwise' | 'customers' | 'products' | 'preview' | 'apply' | 'writes', done: boolean, href?: string, values?: Record<string, number> }} step */
  const step = ({ key, done, href, values }) => html`<li class=${done ? 'done' : ''}>${done ? badge('good', t('month.check.done')) : badge('quiet', t('month.check.open'), 'none')}
    <div><b>${href ? html`<a href=${href}>${t(`month.check.${key}`)}</a>` : t(`month.check.${key}`)}</b>${values?.of ? html` <span class="muted">${t('month.check.count', values)}</span>` : nothing}
    <p class="muted">${t(`month.check.${key}How`)}</p></div></li>`;

  return {
    view: () => {
      if (!asked) read();
      if (failed) return problemNotice(failed);
      if (!known) return html`<div class="bones"><span class="bone"></span><span class="bone"></span></div>`;
      const { customers, products } = known;
      const previewed = of.runs().some((run) => ['succeeded', 'partial'].includes(run.state));
      return html`<ol class="checklist" aria-label=${t('month.checklist')}>
        ${step({ key: 'sophos', done: known.sophos, href: link('settings') })}
        ${step({ key: 'connectwise', done: known.connectwise, href: link('settings') })}
        ${step({ key: 'customers', done: customers[0] > 0 && customers[0] === customers[1], href: link('customers', { show: 'unmapped' }), values: { n: customers[0], of: customers[1] } })}
        ${step({ key: 'products', done: products[0] > 0 && products[0] === products[1], href: link('configure', { show: 'unmapped' }), values: { n: products[0], of: products[1] } })}
        ${step({ key: 'preview', done: previewed })}
        ${step({ key: 'writes', done: of.writes() ?? false, href: link('settings') })}
        ${step({ key: 'apply', done: false })}</ol>
        ${previewed ? nothing : html`<p class="hint">${t('month.check.hint')}</p>`}`;
    },
  };
}
