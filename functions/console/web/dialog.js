// Dialogs: the browser's own, drawn with the page, one on top of the other.

import { html, nothing } from './vendor/lit-html/lit-html.js';
import { keepDrawn } from './draw.js';
import { t } from './language.js';
import { iconButton } from './parts.js';

let opened = 0;

/** Opens a dialog and waits until it is closed; the result is what it was closed with.
 * @template T
 * @param {{ title: () => string, view: (close: (result?: T) => void) => unknown, wide?: boolean, mayLeave?: () => boolean }} options
 * @returns {Promise<T | undefined>} */
export function openDialog({ title, view, wide, mayLeave }) {
  const dialog = document.createElement('dialog');
  const id = `dialog-${(opened += 1)}`;
  dialog.setAttribute('aria-labelledby', id);
  if (wide) dialog.className = 'wide';
  document.body.append(dialog);
  return new Promise((resolve) => {
    /** @type {T | undefined} */
    let result;
    const close = (/** @type {T | undefined} */ given) => {
      result = given;
      dialog.close();
    };
    const leave = () => {
      if (!mayLeave || mayLeave()) close(undefined);
    };
    const stop = keepDrawn({
      place: dialog,
      view: () => html`<header><h2 id=${id}>${title()}</h2>${iconButton('close', t('close'), leave)}</header>${view(close)}`,
    });
    dialog.addEventListener('cancel', (event) => {
      event.preventDefault();
      leave();
    });
    dialog.addEventListener('close', () => {
      stop();
      dialog.remove();
      resolve(result);
    });
    dialog.showModal();
    /** @type {HTMLElement | null} */ (dialog.querySelector('[data-first]'))?.focus();
  });
}

/** Asks a question that is answered by yes or no.
 * @param {{ title: string, text: unknown, yes: string, no?: string, danger?: boolean }} question
 * @returns {Promise<boolean>} */
export async function ask({ title, text, yes, no, danger }) {
  const answer = await openDialog({
    title: () => title,
    view: (close) => html`<div class="body">${text}</div>
      <footer><button type="button" data-first @click=${() => close(false)}>${no ?? t('cancel')}</button>
        <button type="button" class=${danger ? 'danger' : 'main'} @click=${() => close(true)}>${yes}</button></footer>`,
  });
  return answer === true;
}

/** The foot of a form's dialog: what it does, and the way back.
 * @param {unknown} act @param {() => void} back @param {unknown} [more] */
export const foot = (act, back, more = nothing) => html`
  <footer>${more}<button type="button" @click=${back}>${t('cancel')}</button>${act}</footer>`;
