// Pieces that all screens are made of: icons, badges, chips, notices, fields, switches.

import { html, nothing, svg } from './vendor/lit-html/lit-html.js';
import { Refused } from './api.js';
import { t } from './language.js';

const shapes = {
  edit: 'M11.2 2.8l2 2L5.5 12.5l-2.7.7.7-2.7zM9.8 4.2l2 2',
  details: 'M8 14.2A6.2 6.2 0 108 1.8a6.2 6.2 0 000 12.4zM8 7.3v3.9M8 4.9v.2',
  add: 'M8 3v10M3 8h10',
  warn: 'M8 2.2L14.5 13.5h-13zM8 6.4v3.4M8 11.6v.2',
  bad: 'M8 14.2A6.2 6.2 0 108 1.8a6.2 6.2 0 000 12.4zM5.8 5.8l4.4 4.4M10.2 5.8l-4.4 4.4',
  good: 'M3 8.4l3.2 3.2L13 4.8',
  info: 'M8 14.2A6.2 6.2 0 108 1.8a6.2 6.2 0 000 12.4zM8 7.3v3.9M8 4.9v.2',
  close: 'M4 4l8 8M12 4l-8 8',
  undo: 'M3 6.5h6.2a3.3 3.3 0 010 6.6H6M3 6.5l3-3M3 6.5l3 3',
  search: 'M7 11.6A4.6 4.6 0 107 2.4a4.6 4.6 0 000 9.2zM10.4 10.4L14 14',
  none: 'M8 14.2A6.2 6.2 0 108 1.8a6.2 6.2 0 000 12.4zM3.8 12.2l8.4-8.4',
  pause: 'M5.5 3.5v9M10.5 3.5v9',
  wait: 'M8 14.2A6.2 6.2 0 108 1.8a6.2 6.2 0 000 12.4zM8 4.5V8l2.4 1.6',
};

/** @typedef {keyof typeof shapes} Icon */
/** @typedef {'good' | 'warn' | 'bad' | 'info' | 'quiet'} Kind */

/** @param {Icon} name */
export const icon = (name) => html`<svg class="icon" viewBox="0 0 16 16" aria-hidden="true">${svg`<path d=${shapes[name]} />`}</svg>`;

/** A button that shows an icon; its name is read and shown on hover.
 * @param {Icon} name @param {string} label @param {() => void} act @param {{ id?: string, expanded?: boolean }} [more] */
export const iconButton = (name, label, act, more = {}) => html`
  <button type="button" class="icon-button" id=${more.id ?? nothing} title=${label} aria-label=${label} @click=${act}>${icon(name)}</button>`;

/** A word with its icon; colour never says it alone.
 * @param {Kind} kind @param {string} text @param {Icon} [shape] */
export const badge = (kind, text, shape) => html`
  <span class="badge ${kind}">${shape || kind !== 'quiet' ? icon(shape ?? /** @type {Icon} */ (kind)) : nothing}${text}</span>`;

/** Filters of which one is on, each with how many there are: one stop of the tab key, the arrows move within.
 * @param {string} label
 * @param {{ value: string, text: string, count?: number, kind?: Kind }[]} choices
 * @param {string} chosen @param {(value: string) => void} choose */
export const chips = (label, choices, chosen, choose) => html`
  <div class="chips" role="radiogroup" aria-label=${label} @keydown=${moveChip}>${choices.map((choice) => html`
    <button type="button" class="chip ${choice.kind ?? ''}" role="radio" data-value=${choice.value} aria-checked=${choice.value === chosen ? 'true' : 'false'}
      tabindex=${choice.value === chosen ? '0' : '-1'} @click=${() => choose(choice.value)}>${choice.text}${choice.count === undefined ? nothing : html` <b>${choice.count}</b>`}</button>`)}
  </div>`;

/** @param {KeyboardEvent} event */
function moveChip(event) {
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  if (step === undefined) return;
  event.preventDefault();
  const group = /** @type {HTMLElement} */ (event.currentTarget);
  const chips = /** @type {HTMLElement[]} */ ([...group.children]);
  const next = chips[(chips.indexOf(/** @type {HTMLElement} */ (event.target)) + step + chips.length) % chips.length];
  next?.click();
  next?.focus();
}

/** The box that narrows a list while one types.
 * @param {string} label @param {string} value @param {(text: string) => void} type */
export const searchBox = (label, value, type) => html`
  <label class="search">${icon('search')}<span class="unseen">${label}</span>
    <input type="search" placeholder=${label} autocomplete="off" .value=${value}
      @input=${(/** @type {InputEvent} */ event) => type(/** @type {HTMLInputElement} */ (event.target).value)}></label>`;

/** A message in its place.
 * @param {Kind} kind @param {unknown} content @param {{ close?: () => void, focus?: boolean, id?: string }} [more] */
export const notice = (kind, content, more = {}) => html`
  <div class="notice ${kind}" role=${kind === 'bad' ? 'alert' : 'status'} tabindex=${more.focus ? '-1' : nothing} id=${more.id ?? nothing}>
    ${icon(kind === 'quiet' ? 'info' : kind)}<div>${content}</div>
    ${more.close ? iconButton('close', t('close'), more.close) : nothing}
  </div>`;

/** What went wrong, what to do, and what it was in each field.
 * @param {unknown} error @param {{ close?: () => void, again?: () => void, id?: string }} [more] */
export function problemNotice(error, more = {}) {
  const { title, details, advice } = wordsOf(error);
  return notice('bad', html`<p><b>${title}</b></p>
    ${details.length === 1 ? html`<p>${details[0]}</p>` : nothing}
    ${details.length > 1 ? html`<ul>${details.map((detail) => html`<li>${detail}</li>`)}</ul>` : nothing}
    ${advice ? html`<p>${advice}</p>` : nothing}
    ${more.again ? html`<p><button type="button" @click=${more.again}>${t('again')}</button></p>` : nothing}`,
  { ...more, focus: true });
}

/** @param {unknown} error
 * @returns {{ title: string, details: string[], advice: string }} */
function wordsOf(error) {
  if (!(error instanceof Refused)) {
    console.error(error);
    return { title: t('problem.page'), details: [], advice: t('problem.pageAdvice') };
  }
  const { code, title, detail, advice, errors, psa } = error.problem;
  if (code === 'offline') return { title: t('problem.offline'), details: [], advice: t('problem.offlineAdvice') };
  if (!title) return { title: t('problem.unavailable'), details: [], advice: t('problem.unavailableAdvice') };
  const fields = (errors ?? []).map((field) => field.detail);
  const details = [...new Set([detail, ...fields, psa?.message])].filter((text) => text !== undefined && text !== null);
  return { title, details: /** @type {string[]} */ (details), advice: advice ?? '' };
}

/** A field of a form with its label, hint and error.
 * @param {{ id: string, label: string, control: unknown, hint?: unknown, error?: string, wide?: boolean }} field */
export const field = ({ id, label, control, hint, error, wide }) => html`
  <div class="field ${wide ? 'wide' : ''} ${error ? 'wrong' : ''}">
    <label for=${id}>${label}</label>${control}
    ${hint ? html`<p class="hint" id="${id}-hint">${hint}</p>` : nothing}
    ${error ? html`<p class="error" id="${id}-error">${icon('bad')}${error}</p>` : nothing}
  </div>`;

/** One of a few choices, none of them chosen beforehand unless `chosen` says so.
 * @param {{ name: string, legend: string, choices: { value: string, text: unknown, hint?: unknown }[], chosen?: string, disabled?: boolean,
 *   choose: (value: string) => void, error?: string }} group */
export const radios = ({ name, legend, choices, chosen, choose, error, disabled }) => html`
  <fieldset class="radios ${error ? 'wrong' : ''}" aria-describedby=${error ? `${name}-error` : nothing}>
    <legend>${legend}</legend>${choices.map((choice) => html`
    <label class="choice"><input type="radio" name=${name} value=${choice.value} .checked=${choice.value === chosen} ?disabled=${disabled}
      @change=${() => choose(choice.value)}><span>${choice.text}${choice.hint ? html`<small>${choice.hint}</small>` : nothing}</span></label>`)}
    ${error ? html`<p class="error" id="${name}-error">${icon('bad')}${error}</p>` : nothing}
  </fieldset>`;

/** A switch. One that cannot be moved says why in its word.
 * @param {{ label: string, on: boolean, word: string, disabled?: boolean, toggle: () => void, id?: string }} of */
export const toggle = ({ label, on, word, disabled, toggle: move, id }) => html`
  <button type="button" class="switch" role="switch" id=${id ?? nothing} aria-checked=${on ? 'true' : 'false'} aria-label="${label}: ${word}"
    aria-disabled=${disabled ? 'true' : nothing} @click=${() => { if (!disabled) move(); }}>
    <span class="track"></span><span class="switch-word">${word}</span></button>`;

/** What is used and what is billed in its place, and that this has ended.
 * @param {import('../types').RunLine['billed']} billed */
export const overriddenOf = (billed) => [billed?.overridden?.what, billed?.overrideEnded].map((text) => (text ? html`<span class="line muted">${text}</span>` : nothing));

/** The frame of a table whose rows are on their way.
 * @param {number} columns @param {number} [rows] */
export const loadingRows = (columns, rows = 8) => html`${Array.from({ length: rows }, () => html`
  <tr class="loading">${Array.from({ length: columns }, () => html`<td><span class="bone"></span></td>`)}</tr>`)}`;

/** What would be here, and how to get it.
 * @param {string} title @param {unknown} how */
export const empty = (title, how) => html`<div class="empty"><p><b>${title}</b></p><p>${how}</p></div>`;

/** A button that works for a while: it keeps its place and says so.
 * @param {{ text: string, busy: boolean, act: () => void, main?: boolean, type?: 'submit' | 'button', disabled?: boolean, id?: string }} of */
export const workButton = ({ text, busy, act, main, type = 'button', disabled, id }) => html`
  <button type=${type} class=${main ? 'main' : ''} id=${id ?? nothing} aria-disabled=${busy || disabled ? 'true' : nothing}
    @click=${(/** @type {Event} */ event) => { event.preventDefault(); if (!busy && !disabled) act(); }}>${busy ? t('working') : text}</button>`;

/** The value of the input that an event is about.
 * @param {Event} event */
export const valueOf = (event) => /** @type {HTMLInputElement} */ (event.target).value;
