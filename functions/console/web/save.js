// The dialog of Save: what changes row by row and its effects, as the API judges them, before anything is stored.

import { html, nothing } from './vendor/lit-html/lit-html.js';
import { call, newKey, Refused } from './api.js';
import { foot, openDialog } from './dialog.js';
import { draw } from './draw.js';
import { t } from './language.js';
import { field, problemNotice, valueOf, workButton } from './parts.js';

/** What came of Save: the changes as they are stored, the rows that somebody else has changed meanwhile, or what is wrong.
 * @template C, R
 * @typedef {{ saved: C[] } | { theirs: R[] } | { wrong: Map<number, string>, error: unknown }} Outcome */

/** Opens the dialog for these rows; nothing comes of it where the person goes back.
 * @template {{ changes: C[] }} A
 * @template C, R
 * @param {'/v1/product-mappings/save' | '/v1/customer-mappings/save'} path
 * @param {object[]} rows
 * @param {(answer: A) => unknown} contents shows the difference and its effects
 * @returns {Promise<Outcome<C, R> | undefined>} */
export function saveRows(path, rows, contents) {
  /** @type {A | undefined} */
  let shown;
  /** @type {unknown} */
  let failed;
  let busy = false;
  let note = '';
  let key = newKey();
  let keyFor = '';
  /** @type {((outcome?: Outcome<C, R>) => void) | undefined} */
  let finish;

  /** @param {boolean} validateOnly
   * @returns {Promise<A>} */
  const send = (validateOnly) => {
    const body = { rows, validateOnly, note: note.trim() === '' || validateOnly ? undefined : note.trim() };
    // Sent again after a lost answer, the same request takes effect once.
    if (JSON.stringify(body) !== keyFor) key = newKey();
    keyFor = JSON.stringify(body);
    return /** @type {any} */ (call('post', path, /** @type {any} */ ({ body, key })));
  };

  /** @param {unknown} error */
  const refused = (error) => {
    const problem = error instanceof Refused ? error.problem : undefined;
    const present = /** @type {any} */ (problem?.present);
    const theirs = Array.isArray(present) ? present : present?.rows;
    if (problem?.status === 412 && theirs) return finish?.({ theirs });
    const named = (problem?.errors ?? []).map((one) => /** @type {[number, string]} */ ([Number(/^\/rows\/(\d+)/.exec(one.pointer ?? '')?.[1] ?? -1), one.detail]));
    const wrong = new Map(named.filter(([row]) => row >= 0));
    if (wrong.size > 0) return finish?.({ wrong, error });
    failed = error;
    draw();
  };

  const judge = async () => {
    failed = undefined;
    try {
      shown = await send(true);
    } catch (error) {
      refused(error);
    }
    draw();
  };

  const save = async () => {
    [busy, failed] = [true, undefined];
    draw();
    try {
      finish?.({ saved: (await send(false)).changes });
    } catch (error) {
      busy = false;
      refused(error);
    }
  };

  return openDialog({
    title: () => t('save.title', { n: rows.length }),
    wide: true,
    mayLeave: () => !busy,
    view: (close) => {
      if (!finish) {
        finish = close;
        judge();
      }
      return html`<form><div class="body">
        ${failed ? problemNotice(failed, shown ? {} : { again: () => { judge(); draw(); } }) : nothing}
        ${shown ? contents(shown) : failed ? nothing : html`<p class="muted">${t('save.judging')}</p><div class="bones"><span class="bone"></span><span class="bone"></span></div>`}
        ${shown ? field({ id: 'save-note', label: t('save.note'), control: html`<input id="save-note" type="text" maxlength="500" .value=${note} @input=${(/** @type {Event} */ e) => { note = valueOf(e); }}>` }) : nothing}
      </div>${foot(shown ? workButton({ text: t('save.do', { n: rows.length }), busy, act: save, main: true, type: 'submit', id: 'save-do' }) : nothing, () => close())}</form>`;
    },
  });
}
