// The dialog in which a Sophos customer is mapped to a ConnectWise company and one of its agreements.

import { html, nothing } from './vendor/lit-html/lit-html.js';
import { call, may } from './api.js';
import { combobox } from './combobox.js';
import { foot, openDialog } from './dialog.js';
import { draw } from './draw.js';
import { date, t, word } from './language.js';
import { badge, icon, problemNotice, radios } from './parts.js';

/** @typedef {import('../types').CustomerRow} Row */
/** @typedef {import('../types').FoundCompany} Company */
/** @typedef {import('../types').CompanyAgreement} Agreement */
/** @typedef {import('../types').CompanySuggestion} Suggestion */
/** @typedef {{ companyId: number, companyName: string, agreementId: number, agreementName: string, confirmCycle?: boolean }} Place */

/** The agreements of a company, those that can be mapped first.
 * @param {number} companyId */
const agreementsOf = async (companyId) => (await call('get', '/v1/psa/companies/{companyId}/agreements', { path: { companyId } })).items;

/** Companies that fit a customer, each with the one agreement that can be meant; free ones only.
 * @param {string} customerId
 * @returns {Promise<Place[]>} */
export async function suggest(customerId) {
  const { items } = await call('get', '/v1/customer-mappings/suggestions', { query: { customerId } });
  const free = items.filter((one) => !one.takenBy).slice(0, 2);
  const places = await Promise.all(free.map(async (one) => {
    const active = (await agreementsOf(one.companyId)).filter((agreement) => agreement.status === 'active' && agreement.cycle === 'nothing');
    return active.length === 1 && active[0] ? [{ companyId: one.companyId, companyName: one.name, agreementId: active[0].id, agreementName: active[0].name }] : [];
  }));
  return places.flat();
}

/** What tells an agreement from others: type, cycle, status, and when it is invoiced next.
 * @param {Agreement} agreement */
const about = (agreement) => [agreement.type, agreement.billingCycle, agreement.prorated ? t('agreement.prorated') : '', agreement.parentAgreement ? t('month.childOf', { name: agreement.parentAgreement }) : '', agreement.nextInvoiceDate ? t('agreement.next', { day: date(agreement.nextInvoiceDate) }) : '',
  agreement.endDate ? t('agreement.ends', { day: date(agreement.endDate) }) : '', t('map.id', { id: agreement.id })].filter(Boolean).join(' · ');

/** @param {Agreement} agreement */
const mappable = (agreement) => agreement.status === 'active' && agreement.cycle !== 'another';

/** Opens the dialog for a customer; the result is the change to be staged.
 * @param {Row} row
 * @returns {Promise<{ mapTo?: Place, unmap?: boolean } | undefined>} */
export function mapCustomer(row) {
  /** @type {{ id: number, name: string } | undefined} */
  let company = row.mapping ? { id: row.mapping.companyId, name: row.mapping.companyName ?? t('customers.company', { id: row.mapping.companyId }) } : undefined;
  /** @type {Agreement[] | undefined} */
  let agreements;
  let chosen = row.mapping?.agreementId;
  /** @type {Suggestion[]} */
  let suggestions = [];
  /** @type {unknown} */
  let failed;
  let missing = false;
  let confirmed = false;
  let unconfirmed = false;

  call('get', '/v1/customer-mappings/suggestions', { query: { customerId: row.customerId } }).then((found) => {
    suggestions = found.items;
    draw();
  }, () => undefined);

  async function readAgreements() {
    if (!company) return;
    const of = company.id;
    [agreements, failed] = [undefined, undefined];
    draw();
    try {
      const found = await agreementsOf(of);
      if (company.id !== of) return;
      agreements = found;
      const active = found.filter(mappable);
      if (!found.some((one) => one.id === chosen)) chosen = active.length === 1 ? active[0]?.id : undefined;
    } catch (error) {
      failed = error;
    }
    draw();
  }
  readAgreements();

  /** @param {number} id @param {string} name */
  function pick(id, name) {
    company = { id, name };
    readAgreements();
  }

  const box = combobox({
    id: 'map-company',
    label: () => t('customers.companyLabel'),
    hint: () => t('map.hint'),
    search: (text, signal) => call('get', '/v1/psa/companies/search', { query: { text }, signal }),
    show: (/** @type {Company} */ found) => html`<span class="name">${found.name}</span> <span class="code">${found.identifier}</span>
      ${suggestions.some((one) => one.companyId === found.id) ? badge('info', t('map.suggested')) : nothing}`,
    pick: (/** @type {Company} */ found) => pick(found.id, found.name),
  });

  const offered = () => (suggestions.length === 0 ? nothing : html`<div class="suggestions"><p class="label" id="map-companies">${t('map.suggestions')}</p>
    <ul aria-labelledby="map-companies">${suggestions.slice(0, 3).map((one) => html`<li><button type="button" class="suggestion" @click=${() => pick(one.companyId, one.name)}>
      <span class="name">${one.name}</span> <span class="code">${one.identifier}</span><small>${word('because', one.because)}${one.takenBy ? html` · ${t('customers.takenBy', { name: one.takenBy })}` : nothing}</small></button></li>`)}</ul></div>`);

  /** What has to be confirmed of an agreement that does not bill monthly. @param {Agreement | undefined} agreement */
  const confirmation = (agreement) => (agreement?.cycle !== 'confirmation' ? nothing : html`<label class="choice"><input type="checkbox" id="confirm-cycle" .checked=${confirmed} @change=${(/** @type {Event} */ event) => {
    confirmed = /** @type {HTMLInputElement} */ (event.target).checked;
    unconfirmed = false;
    draw();
  }}><span>${agreement.nextInvoiceDate ? t('agreement.confirmDay', { cycle: agreement.billingCycle ?? '', day: date(agreement.nextInvoiceDate) }) : t('agreement.confirm', { cycle: agreement.billingCycle ?? '' })}</span></label>
    ${unconfirmed ? html`<p class="error" role="alert">${icon('bad')}${t('agreement.confirmFirst')}</p>` : nothing}`);

  return openDialog({
    title: () => t('customers.mapTitle'),
    view: (close) => {
      const apply = () => {
        const agreement = agreements?.find((one) => one.id === chosen);
        missing = !agreement;
        unconfirmed = agreement?.cycle === 'confirmation' && !confirmed;
        draw();
        if (company && agreement && !unconfirmed) close({ mapTo: { companyId: company.id, companyName: company.name, agreementId: agreement.id, agreementName: agreement.name, ...(confirmed ? { confirmCycle: true } : {}) } });
      };
      return html`<div class="body"><p class="subject"><span class="name">${row.name ?? row.customerId}</span></p>
        ${box.view()}${company ? nothing : offered()}
        ${company ? html`<div class="card chosen"><p class="label">${t('customers.companyLabel')}</p><p><span class="name">${company.name}</span> <span class="code">${t('map.id', { id: company.id })}</span></p></div>` : nothing}
        ${failed ? problemNotice(failed, { again: readAgreements }) : nothing}
        ${company && !agreements && !failed ? html`<div class="bones"><span class="bone"></span><span class="bone"></span></div>` : nothing}
        ${agreements?.length === 0 ? html`<p>${t('agreement.none')}</p>` : nothing}
        ${agreements && agreements.length > 0 ? radios({
          name: 'agreement', legend: t('agreement.legend'), chosen: chosen === undefined ? undefined : String(chosen),
          choices: agreements.filter(mappable).map((one) => ({ value: String(one.id), text: one.name, hint: about(one) })),
          choose: (value) => { chosen = Number(value); [missing, confirmed, unconfirmed] = [false, false, false]; draw(); },
          error: missing ? t('agreement.chooseFirst') : undefined,
        }) : nothing}
        ${confirmation(agreements?.find((one) => one.id === chosen))}
        ${agreements?.some((one) => one.cycle === 'another') ? html`<p class="hint">${t('agreement.never', { names: agreements.filter((one) => one.cycle === 'another').map((one) => `${one.name} (${one.billingCycle})`).join(', ') })}</p>` : nothing}
        ${agreements?.some((one) => one.status !== 'active') ? html`<p class="hint">${t('agreement.others', { names: agreements.filter((one) => one.status !== 'active').map((one) => `${one.name} (${word('agreement', one.status)})`).join(', ') })}</p>` : nothing}
        ${missing && !agreements ? html`<p class="error" role="alert">${icon('bad')}${t('agreement.chooseFirst')}</p>` : nothing}
      </div>${foot(may('psa/write') ? html`<button type="button" class="main" @click=${apply}>${t('apply')}</button>` : nothing, () => close(),
        row.mapping && may('psa/write') ? html`<button type="button" class="left" @click=${() => close({ unmap: true })}>${t('map.remove')}</button>` : nothing)}`;
    },
  });
}
