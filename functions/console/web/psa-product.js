// The dialogs of a ConnectWise product: "Add product to PSA", "View ConnectWise product" and "Edit ConnectWise product".

import { html, nothing } from './vendor/lit-html/lit-html.js';
import { call, callWithTag, may, newKey, Refused } from './api.js';
import { ask, foot, openDialog } from './dialog.js';
import { draw } from './draw.js';
import { moment, money, t, word } from './language.js';
import { sophosName } from './map-product.js';
import { badge, field, icon, notice, problemNotice, valueOf, workButton } from './parts.js';
import { learn } from './psa.js';

/** @typedef {import('../types').PsaProductView} View */
/** @typedef {import('../types').PsaProductChoices} Choices */
/** @typedef {import('../types').ProductRow} ProductRow */
/** @typedef {import('./language.js').Key} Key */
/** @typedef {Record<string, string | boolean>} Form what is in the fields, by the API's names */

/** @typedef {{ name: string, kind: 'text' | 'long' | 'money' | 'choice' | 'check', most?: number, must?: boolean, hint?: Key, wide?: boolean }} Field */

/** @type {Field[]} */
const FIELDS = [
  { name: 'identifier', kind: 'text', most: 75, must: true, hint: 'product.identifierHint' },
  { name: 'description', kind: 'text', most: 60, must: true },
  { name: 'customerDescription', kind: 'long', most: 6000, must: true, hint: 'product.customerDescriptionHint', wide: true },
  { name: 'price', kind: 'money', hint: 'product.priceHint' },
  { name: 'cost', kind: 'money' },
  { name: 'categoryId', kind: 'choice' },
  { name: 'subcategoryId', kind: 'choice', must: true },
  { name: 'typeId', kind: 'choice', must: true },
  { name: 'unitId', kind: 'choice' },
  { name: 'class', kind: 'choice' },
  { name: 'vendorSku', kind: 'text', most: 50 },
  { name: 'manufacturerPartNumber', kind: 'text', most: 50 },
  { name: 'notes', kind: 'long', wide: true },
  { name: 'taxable', kind: 'check' },
  { name: 'recurring', kind: 'check' },
  { name: 'inactive', kind: 'check', hint: 'product.inactiveHint' },
];

/** @param {string} name */
const label = (name) => t(/** @type {Key} */ (`product.${name}`));

/** @param {Form} form @param {Choices} choices @param {string} name
 * @returns {{ value: string, text: string }[]} */
function options(form, choices, name) {
  if (name === 'class') return choices.classes.map((value) => ({ value, text: word('class', value) }));
  /** @param {{ id: number, name: string }[]} list */
  const named = (list) => list.map((one) => ({ value: String(one.id), text: one.name }));
  if (name === 'categoryId') return named(choices.categories);
  if (name === 'typeId') return named(choices.types);
  if (name === 'unitId') return named(choices.units);
  const category = form.categoryId;
  return named(choices.subcategories.filter((one) => !category || one.categoryId == null || String(one.categoryId) === category));
}

/** What is wrong with the fields, before anything is sent.
 * @param {Form} form
 * @returns {Record<string, string>} */
function wrongOf(form) {
  /** @type {Record<string, string>} */
  const wrong = {};
  for (const { name, kind, must } of FIELDS) {
    const value = String(form[name] ?? '').trim();
    if (must && value === '') wrong[name] = t('form.missing');
    else if (kind === 'money' && value.startsWith('-')) wrong[name] = t('form.belowZero');
    else if (kind === 'money' && value !== '' && !/^\d{1,9}([.,]\d{1,6})?$/.test(value)) wrong[name] = t('form.amount');
  }
  return wrong;
}

/** The fields as the API takes them; of an edit, those that differ from what was read.
 * @param {Form} form @param {Form} [before] */
function bodyOf(form, before) {
  /** @type {Record<string, string | number | boolean>} */
  const body = {};
  for (const { name, kind } of FIELDS) {
    const value = form[name];
    if (value === undefined || (before && value === before[name])) continue;
    if (kind === 'check') body[name] = value === true;
    else if (kind === 'money' && value !== '') body[name] = String(value).trim().replace(',', '.');
    else if (name.endsWith('Id') && value !== '') body[name] = Number(value);
    else if (value !== '' || (before && kind !== 'money' && kind !== 'choice')) body[name] = String(value).trim();
  }
  return body;
}

/** @param {View} view
 * @returns {Form} */
function formOf(view) {
  /** @type {Form} */
  const form = {};
  for (const { name, kind } of FIELDS) {
    const key = name.replace(/Id$/, '');
    const value = /** @type {any} */ (view)[key];
    if (kind === 'check') form[name] = value === true;
    else form[name] = name.endsWith('Id') ? String(value?.id ?? '') : String(value ?? '');
  }
  return form;
}

/** What the API says of single fields.
 * @param {unknown} error
 * @returns {Record<string, string>} */
function fieldErrors(error) {
  const errors = error instanceof Refused ? (error.problem.errors ?? []) : [];
  return Object.fromEntries(errors.map((one) => [(one.pointer ?? '').replace(/^\//, ''), one.detail]));
}

/** The fields of a form.
 * @param {string} prefix @param {Form} form @param {Choices} choices @param {Record<string, string>} wrong @param {(name: string) => unknown} [more] */
function fields(prefix, form, choices, wrong, more = () => nothing) {
  const isNew = prefix === 'new';
  return html`<div class="form">${FIELDS.filter(({ name }) => !isNew || name !== 'inactive').map(({ name, kind, most, must, hint: given, wide }) => {
    // What happens to additions that exist is no matter of a new product.
    const hint = isNew && name === 'price' ? undefined : given;
    const id = `${prefix}-${name}`;
    const set = (/** @type {Event} */ event) => { form[name] = valueOf(event); draw(); };
    const described = [hint ? `${id}-hint` : '', wrong[name] ? `${id}-error` : ''].filter(Boolean).join(' ') || nothing;
    const invalid = wrong[name] ? 'true' : nothing;
    if (kind === 'check') {
      return html`<label class="choice"><input type="checkbox" id=${id} .checked=${form[name] === true} @change=${(/** @type {Event} */ e) => {
        form[name] = /** @type {HTMLInputElement} */ (e.target).checked;
        draw();
      }}><span>${label(name)}${hint ? html`<small>${t(hint)}</small>` : nothing}</span></label>`;
    }
    const value = String(form[name] ?? '');
    const control = kind === 'choice'
      ? html`<select id=${id} aria-invalid=${invalid} aria-describedby=${described} aria-required=${must ? 'true' : nothing} @change=${set}>
          <option value="" ?selected=${value === ''}>${must ? t('form.choose') : t('form.none')}</option>
          ${options(form, choices, name).map((one) => html`<option value=${one.value} ?selected=${one.value === value}>${one.text}</option>`)}</select>`
      : kind === 'long'
        ? html`<textarea id=${id} rows="2" maxlength=${most ?? nothing} aria-invalid=${invalid} aria-describedby=${described} aria-required=${must ? 'true' : nothing} .value=${value} @input=${set}></textarea>`
        : html`<input id=${id} type="text" inputmode=${kind === 'money' ? 'decimal' : nothing} maxlength=${most ?? nothing} autocomplete="off" aria-invalid=${invalid}
            aria-describedby=${described} aria-required=${must ? 'true' : nothing} .value=${value} @input=${set}>`;
    return html`${field({ id, label: must ? `${label(name)} *` : label(name), control, hint: hint ? t(hint) : undefined, error: wrong[name], wide })}${more(name)}`;
  })}</div><p class="hint">${t('form.required')}</p>`;
}

/** Where the first wrong field is, there the person goes on.
 * @param {string} prefix @param {Record<string, string>} wrong */
function focusWrong(prefix, wrong) {
  queueMicrotask(() => document.getElementById(`${prefix}-${FIELDS.find(({ name }) => wrong[name])?.name}`)?.focus());
}

/** Opens "Add product to PSA", for a row or for none; the result is the product that was created.
 * @param {ProductRow} [row] @param {{ code: string, text: string }[]} [unmapped] rows of which one can be mapped with it
 * @returns {Promise<{ product: View, code?: string } | undefined>} */
export function addProduct(row, unmapped = []) {
  const name = row?.description ?? row?.code ?? '';
  /** @type {Form} */
  const form = { identifier: row?.code ?? '', description: name.slice(0, 60), customerDescription: name, class: 'NonInventory', recurring: true };
  const untouched = JSON.stringify(form);
  /** @type {Choices | undefined} */
  let choices;
  /** @type {Record<string, string>} */
  let wrong = {};
  /** @type {unknown} */
  let failed;
  let busy = false;
  let code = row?.code ?? '';
  let key = newKey();
  let sent = '';
  const read = () => call('get', '/v1/psa/products/choices').then((given) => {
    choices = given;
    for (const name of ['typeId', 'subcategoryId']) {
      const [only, ...others] = options(form, given, name);
      if (only && others.length === 0) form[name] = only.value;
    }
  }, (error) => { failed = error; }).finally(draw);
  read();
  return openDialog({
    title: () => t('product.add'),
    wide: true,
    mayLeave: () => !busy,
    view: (close) => {
      const apply = async () => {
        wrong = wrongOf(form);
        draw();
        if (Object.keys(wrong).length > 0) return focusWrong('new', wrong);
        const body = bodyOf(form);
        // The same request again has the same key, so that a lost answer creates no second product.
        if (JSON.stringify(body) !== sent) key = newKey();
        sent = JSON.stringify(body);
        [busy, failed] = [true, undefined];
        draw();
        try {
          const product = await call('post', '/v1/psa/products', { body: /** @type {any} */ (body), key });
          learn(product);
          close({ product, code: code || undefined });
        } catch (error) {
          [failed, wrong] = [error, fieldErrors(error)];
          if (error instanceof Refused && error.problem.code !== 'offline') sent = '';
        }
        busy = false;
        draw();
        if (failed) focusWrong('new', wrong);
      };
      const changedForm = JSON.stringify(form) !== untouched;
      const leave = async () => {
        if (!changedForm || (await ask({ title: t('leave.formTitle'), text: t('leave.formText'), yes: t('leave.formYes'), no: t('leave.no'), danger: true }))) close();
      };
      return html`<form><div class="body">${row ? html`<p class="subject">${sophosName(row)}</p>` : nothing}
        <p>${row ? t('product.addForRow') : t('product.addText')}</p>
        ${failed ? problemNotice(failed, choices ? {} : { again: () => { failed = undefined; read(); draw(); } }) : nothing}
        ${choices ? fields('new', form, choices, wrong) : failed ? nothing : html`<div class="bones"><span class="bone"></span><span class="bone"></span><span class="bone"></span></div>`}
        ${row || unmapped.length === 0 || !choices ? nothing : field({ id: 'new-for', label: t('product.for'), hint: t('product.forHint'), control: html`
          <select id="new-for" aria-describedby="new-for-hint" @change=${(/** @type {Event} */ e) => { code = valueOf(e); }}><option value="">${t('product.forNone')}</option>
            ${unmapped.map((one) => html`<option value=${one.code}>${one.text}</option>`)}</select>` })}
      </div>${foot(choices ? workButton({ text: t('apply'), busy, act: apply, main: true, type: 'submit' }) : nothing, leave)}</form>`;
    },
  });
}

/** Opens "View ConnectWise product", and from there "Edit ConnectWise product".
 * @param {number} id */
export function viewProduct(id) {
  /** @type {View | undefined} */
  let view;
  let tag = '';
  /** @type {unknown} */
  let failed;
  /** @type {string[]} */
  let notes = [];
  const read = async () => {
    try {
      ({ body: view, tag } = await callWithTag('get', '/v1/psa/products/{id}', { path: { id } }));
      learn(view);
    } catch (error) {
      failed = error;
    }
    draw();
  };
  read();
  const edit = async () => {
    if (!view) return;
    const edited = await editProduct(view, tag);
    if (edited) {
      notes = edited.notes;
      await read();
    }
  };
  return openDialog({
    title: () => t('product.view'),
    wide: true,
    view: (close) => html`<div class="body">
      ${notes.map((note) => notice('warn', html`<p>${note}</p>`))}
      ${failed ? problemNotice(failed, { again: () => { failed = undefined; read(); draw(); } }) : nothing}
      ${view ? facts(view) : failed ? nothing : html`<div class="bones"><span class="bone"></span><span class="bone"></span><span class="bone"></span></div>`}
      </div><footer><button type="button" @click=${() => close()}>${t('close')}</button>
        ${view && may('psa/write') ? html`<button type="button" class="main" @click=${edit}>${icon('edit')}${t('product.editButton')}</button>` : nothing}</footer>`,
  });
}

/** @param {View} view */
function facts(view) {
  const yes = (/** @type {boolean} */ on) => (on ? t('yes') : t('no'));
  /** @type {[string, unknown][]} */
  const list = [
    [label('identifier'), html`<span class="code">${view.identifier}</span>`],
    [label('id'), view.id],
    [label('description'), view.description],
    [label('customerDescription'), view.customerDescription],
    [label('price'), view.price ? money(view.price) : t('form.none')],
    [label('cost'), view.cost ? money(view.cost) : t('form.none')],
    [label('categoryId'), view.category?.name],
    [label('subcategoryId'), view.subcategory?.name],
    [label('typeId'), view.type?.name],
    [label('unitId'), view.unit?.name],
    [label('class'), word('class', view.class)],
    [label('vendorSku'), view.vendorSku],
    [label('manufacturerPartNumber'), view.manufacturerPartNumber],
    [label('taxable'), yes(view.taxable)],
    [label('recurring'), yes(view.recurring)],
    [label('notes'), view.notes],
    [label('lastUpdated'), view.lastUpdated ? `${moment(view.lastUpdated)}${view.updatedBy ? ` · ${view.updatedBy}` : ''}` : ''],
  ];
  return html`<p>${view.available ? badge('good', t('product.available')) : badge('bad', view.inactive ? t('broken.inactive') : t('broken.bundle'))}</p>
    <dl class="facts">${list.map(([name, value]) => (value === undefined || value === '' || value === null ? nothing : html`<div><dt>${name}</dt><dd>${value}</dd></div>`))}</dl>`;
}

/** @param {View} view @param {string} tag
 * @returns {Promise<{ notes: string[] } | undefined>} */
async function editProduct(view, tag) {
  const form = formOf(view);
  const before = { ...form };
  /** @type {Choices | undefined} */
  let choices;
  /** @type {Record<string, string>} */
  let wrong = {};
  /** @type {unknown} */
  let failed;
  let busy = false;
  call('get', '/v1/psa/products/choices').then((given) => { choices = given; }, (error) => { failed = error; }).finally(draw);
  return openDialog({
    title: () => t('product.edit'),
    wide: true,
    mayLeave: () => !busy,
    view: (close) => {
      const apply = async () => {
        wrong = wrongOf(form);
        draw();
        if (Object.keys(wrong).length > 0) return focusWrong('edit', wrong);
        const body = bodyOf(form, before);
        if (Object.keys(body).length === 0) return close();
        [busy, failed] = [true, undefined];
        draw();
        try {
          const edited = await call('patch', '/v1/psa/products/{id}', { path: { id: view.id }, body: /** @type {any} */ (body), version: tag });
          learn(edited.product);
          close({ notes: edited.notes.map((note) => note.text) });
        } catch (error) {
          [failed, wrong] = [error, fieldErrors(error)];
        }
        busy = false;
        draw();
      };
      const warned = (/** @type {string} */ name) => (name === 'customerDescription' && form[name] !== before[name]
        ? html`<div class="wide">${notice('warn', html`<p>${t('product.customerDescriptionWarning')}</p>`)}</div>` : nothing);
      return html`<form><div class="body"><p class="subject"><span class="name">${view.description}</span> <span class="code">${view.identifier}</span></p>
        ${failed ? problemNotice(failed) : nothing}
        ${choices ? fields('edit', form, choices, wrong, warned) : failed ? nothing : html`<div class="bones"><span class="bone"></span><span class="bone"></span></div>`}
      </div>${foot(choices ? workButton({ text: t('apply'), busy, act: apply, main: true, type: 'submit' }) : nothing, () => close())}</form>`;
    },
  });
}
