// A field that searches while one types, from two characters on. Enter takes an exact name without choosing from the list.

import { html, nothing } from './vendor/lit-html/lit-html.js';
import { repeat } from './vendor/lit-html/directives/repeat.js';
import Combobox from './vendor/@github/combobox-nav/dist/index.js';
import { draw } from './draw.js';
import { t } from './language.js';
import { problemNotice } from './parts.js';

const WAIT_MS = 150;
const SHORTEST = 2;

/** @template I @typedef {{ items: I[], complete: boolean, exactId?: number | null }} Found */

/**
 * @template {{ id: number }} I
 * @param {object} options
 * @param {string} options.id
 * @param {() => string} options.label
 * @param {() => string} options.hint
 * @param {(text: string, signal: AbortSignal) => Promise<Found<I>>} options.search
 * @param {(item: I) => unknown} options.show
 * @param {(item: I) => void} options.pick
 */
export function combobox({ id, label, hint, search, show, pick }) {
  let text = '';
  /** @type {Found<I> | undefined} */
  let found;
  let foundFor = '';
  /** @type {unknown} */
  let failed;
  let busy = false;
  let open = false;
  let exactWanted = false;
  /** @type {string} */
  let remark = '';
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  /** @type {AbortController | undefined} */
  let asking;
  /** @type {Combobox | undefined} */
  let keys;

  const typed = () => text.trim();

  /** @param {Event} event */
  function type(event) {
    text = /** @type {HTMLInputElement} */ (event.target).value;
    remark = '';
    exactWanted = false;
    clearTimeout(timer);
    asking?.abort();
    busy = typed().length >= SHORTEST;
    if (busy) timer = setTimeout(ask, WAIT_MS);
    else shut();
    draw();
  }

  async function ask() {
    const wanted = typed();
    asking?.abort();
    asking = new AbortController();
    const { signal } = asking;
    try {
      const answer = await search(wanted, signal);
      if (signal.aborted) return;
      [found, foundFor, failed, open] = [answer, wanted, undefined, answer.items.length > 0];
    } catch (error) {
      if (signal.aborted) return;
      [found, failed, open] = [undefined, error, false];
    }
    busy = false;
    if (exactWanted) takeExact();
    draw();
    queueMicrotask(follow);
  }

  /** The library moves through the options of the list that is open now. */
  function follow() {
    if (open) keys?.start();
    else keys?.stop();
  }

  function shut() {
    open = false;
    found = undefined;
    keys?.stop();
  }

  function takeExact() {
    exactWanted = false;
    const exact = found?.items.find((item) => item.id === found?.exactId);
    if (exact && foundFor === typed()) take(exact);
    else if (!failed) remark = t('combo.noExact');
  }

  /** @param {I} item */
  function take(item) {
    text = '';
    remark = '';
    shut();
    pick(item);
    draw();
  }

  /** @param {KeyboardEvent} event */
  function press(event) {
    if (event.key === 'Escape' && open) {
      event.preventDefault();
      event.stopPropagation();
      shut();
      draw();
    }
    if (event.key !== 'Enter') return;
    const list = document.getElementById(`${id}-list`);
    if (open && list?.querySelector('[aria-selected="true"]')) return;
    event.preventDefault();
    if (typed().length < SHORTEST) return;
    exactWanted = true;
    if (busy) {
      clearTimeout(timer);
      ask();
    } else takeExact();
    draw();
  }

  /** @param {Event} event */
  function listen(event) {
    if (keys) return;
    const list = /** @type {HTMLElement} */ (document.getElementById(`${id}-list`));
    keys = new Combobox(/** @type {HTMLInputElement} */ (event.target), list, { tabInsertsSuggestions: false });
    list.addEventListener('combobox-commit', (committed) => {
      const key = /** @type {HTMLElement} */ (committed.target).dataset.key;
      const item = found?.items.find((one) => String(one.id) === key);
      if (item) take(item);
    });
    follow();
  }

  function state() {
    if (busy) return t('combo.searching');
    if (remark) return remark;
    if (!found) return hint();
    if (found.items.length === 0) return t('combo.none', { text: foundFor });
    return found.complete ? t('combo.found', { n: found.items.length }) : t('combo.more', { n: found.items.length });
  }

  return {
    view: () => html`<div class="combo">
      <label for=${id}>${label()}</label>
      <input id=${id} type="text" role="combobox" aria-autocomplete="list" aria-controls="${id}-list" aria-expanded=${open ? 'true' : 'false'}
        aria-describedby="${id}-state" autocomplete="off" spellcheck="false" data-first .value=${text}
        @input=${type} @keydown=${press} @focus=${listen}>
      <ul id="${id}-list" role="listbox" aria-label=${label()} ?hidden=${!open}>
        ${repeat(open ? (found?.items ?? []) : [], (/** @type {I} */ item) => item.id, (/** @type {I} */ item) => html`<li role="option" id="${id}-${item.id}" data-key=${item.id}>${show(item)}</li>`)}
      </ul>
      <p class="hint" id="${id}-state" role="status">${state()}</p>
      ${failed ? problemNotice(failed) : nothing}</div>`,
  };
}
