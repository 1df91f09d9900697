// What a new partner does first, one after the other, with what is done already; shown until something was written.

import { html, nothing } from './vendor/lit-html/lit-html.js';
import { link } from './address.js';
import { t } from './language.js';
import { badge } from './parts.js';

/** @param {import('./month.js').Month} of */
export function checklist(of) {
  /** @param {{ key: 'sophos' | 'connectwise' | 'customers' | 'products' | 'preview' | 'apply' | 'writes', done: boolean, href?: string, values?: Record<string, number> }} step */
  const step = ({ key, done, href, values }) => html`<li class=${done ? 'done' : ''}>${done ? badge('good', t('month.check.done')) : badge('quiet', t('month.check.open'), 'none')}
    <div><b>${href ? html`<a href=${href}>${t(`month.check.${key}`)}</a>` : t(`month.check.${key}`)}</b>${values?.of ? html` <span class="muted">${t('month.check.count', values)}</span>` : nothing}
    <p class="muted">${t(`month.check.${key}How`)}</p></div></li>`;

  return {
    view: () => {
      const list = of.overview()?.checklist;
      if (!list) return html`<div class="bones"><span class="bone"></span><span class="bone"></span></div>`;
      const { customers, products } = list;
      // A preview that came to its end has read from both.
      const works = (/** @type {{ saved: boolean, works: boolean }} */ one) => one.works || (list.previewMade && !one.saved);
      const [target, taken] = [products.of - products.excluded, products.mapped - products.broken];
      return html`<ol class="checklist" aria-label=${t('month.checklist')}>
        ${step({ key: 'sophos', done: works(list.sophos), href: link('settings') })}
        ${step({ key: 'connectwise', done: works(list.connectwise), href: link('settings') })}
        ${step({ key: 'customers', done: customers.mapped > 0 && customers.mapped === customers.of && customers.complete, href: link('customers', { show: 'unmapped' }), values: { n: customers.mapped, of: customers.of } })}
        ${step({ key: 'products', done: taken > 0 && taken === target, href: link('configure', { show: 'unmapped' }), values: { n: taken, of: target } })}
        ${step({ key: 'preview', done: list.previewMade })}
        ${step({ key: 'writes', done: list.writes, href: link('settings') })}
        ${step({ key: 'apply', done: list.applied })}</ol>
        ${list.previewMade ? nothing : html`<p class="hint">${t('month.check.hint')}</p>`}`;
    },
  };
}
