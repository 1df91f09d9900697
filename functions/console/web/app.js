// The page: signs in, shows the shell with its navigation, and one screen at a time by the address.

import { html, nothing } from './vendor/lit-html/lit-html.js';
import { address, link } from './address.js';
import { call } from './api.js';
import { ask } from './dialog.js';
import { draw, keepDrawn } from './draw.js';
import { choose, language, preferred, setTimeZone, t } from './language.js';
import { notice, problemNotice } from './parts.js';
import { start } from './sign-in.js';

/** What a screen gives the shell.
 * @typedef {object} Screen
 * @property {() => unknown} view what it shows
 * @property {(params: Record<string, string>) => void} [update] the address of this screen has changed
 * @property {() => void} [reload] reads everything again: the language has changed
 * @property {() => number} [unsaved] how much would be lost by leaving
 * @property {() => void} [keep] puts what is not saved where it outlives a new sign-in
 * @property {() => void} [close] another screen is shown
 */

const screens = {
  month: () => import('./month.js'),
  configure: () => import('./configure.js'),
  customers: () => import('./customers.js'),
  history: () => import('./history.js'),
  settings: () => import('./settings.js'),
};

/** @typedef {keyof typeof screens} Name */

/** The screen of an address that names none.
 * @type {Name} */
const FIRST = 'month';

/** @type {Name} */
let name = FIRST;
/** @type {Screen | undefined} */
let screen;
/** @type {unknown} */
let failed;
let hash = location.hash;
let expired = false;

const frame = () => html`
  <a class="skip" href="#main" @click=${(/** @type {Event} */ event) => { event.preventDefault(); focusMain(); }}>${t('skip')}</a>
  <header class="banner">
    <a class="brand" href=${link(FIRST)}>${t('product')}</a>
    <nav aria-label=${t('nav')}>${/** @type {Name[]} */ (Object.keys(screens)).map((key) => html`
      <a href=${link(key)} aria-current=${key === name ? 'page' : nothing}>${t(/** @type {import('./language.js').Key} */ (`nav.${key}`))}</a>`)}
    </nav>
    <div class="languages" role="group" aria-label=${t('language')}>${tongue('it', 'IT', 'Italiano')}${tongue('en', 'EN', 'English')}</div>
  </header>
  <main id="main" tabindex="-1">
    ${expired ? notice('warn', html`<p><b>${t('expired')}</b></p><p>${t('expiredAdvice')}</p>
      <p><button type="button" class="main" @click=${signInAgain}>${t('signInAgain')}</button></p>`) : nothing}
    ${failed ? problemNotice(failed, { again: () => location.reload() }) : (screen?.view() ?? nothing)}
  </main>`;

/** @param {import('./language.js').Language} code @param {string} text @param {string} label */
const tongue = (code, text, label) => html`
  <button type="button" lang=${code} aria-label="${text} ${label}" aria-pressed=${language() === code ? 'true' : 'false'} @click=${() => speak(code)}>${text}</button>`;

/** @param {import('./language.js').Language} code */
async function speak(code) {
  await choose(code);
  setTitle();
  screen?.reload?.();
  draw();
}

function setTitle() {
  document.title = `${t(/** @type {import('./language.js').Key} */ (`nav.${name}`))} – ${t('product')}`;
}

function focusMain() {
  document.getElementById('main')?.focus();
}

function signInAgain() {
  screen?.keep?.();
  location.reload();
}

/** Where the navigation is wider than the window, the present screen's link is in sight. */
function showPlace() {
  const current = /** @type {HTMLElement | null} */ (document.querySelector('nav [aria-current]'));
  if (current?.parentElement) current.parentElement.scrollLeft = current.offsetLeft - 24;
}

/** Shows the screen of the address. */
async function show() {
  const wanted = address();
  const next = /** @type {Name} */ (wanted.screen in screens ? wanted.screen : FIRST);
  hash = location.hash;
  if (screen && next === name) {
    screen.update?.(wanted.params);
    draw();
    return;
  }
  screen?.close?.();
  name = next;
  screen = undefined;
  setTitle();
  draw();
  queueMicrotask(showPlace);
  try {
    const module = await screens[next]();
    if (name === next) screen = module.open(wanted.params);
  } catch (error) {
    failed = error;
  }
  draw();
}

/** Asks before unsaved rows are left; the address stays what it was until then. */
async function moved() {
  const to = location.hash;
  const next = address().screen || FIRST;
  const unsaved = next === name ? 0 : (screen?.unsaved?.() ?? 0);
  if (unsaved > 0) {
    history.replaceState(null, '', hash || '#/');
    const leave = await ask({ title: t('leave.title'), text: html`<p>${t('leave.text', { n: unsaved })}</p>`, yes: t('leave.yes'), no: t('leave.no'), danger: true });
    if (!leave) return;
    history.replaceState(null, '', to);
  }
  await show();
  focusMain();
}

async function readTimeZone() {
  const shown = await call('get', '/v1/sync/settings').catch(() => null);
  if (shown) {
    setTimeZone(shown.settings.timeZone);
    draw();
  }
}

async function run() {
  await choose(preferred());
  keepDrawn({ place: /** @type {HTMLElement} */ (document.getElementById('app')), view: frame });
  addEventListener('hashchange', moved);
  addEventListener('beforeunload', (event) => {
    if (!expired && (screen?.unsaved?.() ?? 0) > 0) event.preventDefault();
  });
  try {
    const signedIn = await start(() => { expired = true; draw(); });
    if (!signedIn) return;
  } catch (error) {
    failed = error;
    draw();
    return;
  }
  await Promise.all([show(), readTimeZone()]);
}

run();
