// Draws the page and its open dialogs again after anything has changed, once for all changes of a task.

import { render } from './vendor/lit-html/lit-html.js';

/** @typedef {{ place: HTMLElement, view: () => unknown, after?: () => void }} Drawing */

/** @type {Set<Drawing>} */
const drawings = new Set();
let planned = false;

/** Draws `view` into `place` now and at every later `draw`, until the result is called.
 * @param {Drawing} drawing
 * @returns {() => void} */
export function keepDrawn(drawing) {
  drawings.add(drawing);
  paint(drawing);
  return () => drawings.delete(drawing);
}

/** Something has changed: everything is drawn again before the browser shows the next frame. */
export function draw() {
  if (planned) return;
  planned = true;
  queueMicrotask(() => {
    planned = false;
    for (const drawing of [...drawings]) paint(drawing);
  });
}

/** @param {Drawing} drawing */
function paint(drawing) {
  render(drawing.view(), drawing.place);
  drawing.after?.();
}

/** Says a sentence to screen readers.
 * @param {string} text */
export function say(text) {
  const status = document.getElementById('status');
  if (status) status.textContent = text;
}
