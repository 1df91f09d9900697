// How the partner syncs: frequency, time zone, guards and readings, in the dialog "Sync settings" and on the Settings screen.

import { html, nothing } from './vendor/lit-html/lit-html.js';
import { call, callWithTag, may, Refused } from './api.js';
import { openDialog } from './dialog.js';
import { draw, say } from './draw.js';
import { moment, setTimeZone, t } from './language.js';
import { field, notice, problemNotice, radios, valueOf, workButton } from './parts.js';

/** @typedef {import('../types').SyncSettings} Settings */
/** @typedef {import('../types').SyncSettingsShown} Shown */
/** @typedef {'increase' | 'decrease'} Guard */
/** @typedef {'frequency' | 'timeZone' | 'guards' | 'readings'} Part */

/** The form of some parts of the settings: it reads, judges while one changes, and saves.
 * @param {Part[]} parts @param {() => void} [saved] */
export function settingsForm(parts, saved) {
  /** @type {Shown | undefined} */
  let shown;
  /** @type {Settings | undefined} */
  let form;
  let tag = '';
  /** @type {unknown} */
  let failed;
  let busy = false;
  let done = false;
  let judging = 0;

  async function read() {
    failed = undefined;
    try {
      ({ body: shown, tag } = await callWithTag('get', '/v1/sync/settings'));
      form = structuredClone(shown.settings);
    } catch (error) {
      failed = error;
    }
    draw();
  }
  read();

  const dirty = () => form !== undefined && JSON.stringify(form) !== JSON.stringify(asRead?.settings ?? shown?.settings);
  /** @type {Shown | undefined} */
  let asRead;

  /** What the API says of the changed settings: warnings, and when the sync would run next. */
  async function judge() {
    asRead ??= shown;
    done = false;
    draw();
    const mine = (judging += 1);
    try {
      const judged = await call('put', '/v1/sync/settings', { body: form, query: { validateOnly: true }, version: tag });
      if (mine !== judging) return;
      [shown, failed] = [judged, undefined];
    } catch (error) {
      if (mine === judging) failed = error;
    }
    draw();
  }

  async function save() {
    [busy, failed] = [true, undefined];
    draw();
    try {
      ({ body: shown, tag } = await callWithTag('put', '/v1/sync/settings', { body: form, version: tag }));
      [asRead, done] = [undefined, true];
      form = structuredClone(shown.settings);
      setTimeZone(shown.settings.timeZone);
      say(t('settings.saved'));
      saved?.();
    } catch (error) {
      failed = error;
      if (error instanceof Refused && error.problem.status === 412) await reread(error);
    }
    busy = false;
    draw();
  }

  /** Somebody else saved meanwhile: the form keeps what was typed, on top of what is there now.
   * @param {unknown} error */
  async function reread(error) {
    const typed = form;
    await read();
    [asRead, form, failed] = [shown, typed, error];
  }

  const frequency = (/** @type {Settings} */ now, /** @type {boolean} */ fixed) => html`
    ${radios({
      name: 'frequency', legend: t('frequency.legend'), disabled: fixed, chosen: now.frequency.every,
      choices: [
        { value: 'sophosInvoice', text: t('frequency.sophosInvoice'), hint: t('frequency.sophosInvoiceHint') },
        { value: 'monthly', text: t('frequency.monthly'), hint: t('frequency.monthlyHint') },
        { value: 'nightly', text: t('frequency.nightly'), hint: t('frequency.nightlyHint') },
      ],
      choose: (value) => {
        const every = /** @type {Settings['frequency']['every']} */ (value);
        now.frequency = every === 'monthly' ? { every, day: now.frequency.day ?? 28, month: now.frequency.month ?? 'byDay' } : { every };
        judge();
      },
    })}
    ${now.frequency.every !== 'monthly' ? nothing : html`<div class="form">
      ${field({ id: 'frequency-day', label: t('frequency.day'), hint: t('frequency.dayHint'), control: html`
        <input id="frequency-day" type="number" min="1" max="31" ?disabled=${fixed} aria-describedby="frequency-day-hint" .value=${String(now.frequency.day ?? '')} @change=${(/** @type {Event} */ e) => {
          now.frequency.day = Number(valueOf(e));
          judge();
        }}>` })}
      ${field({ id: 'frequency-month', label: t('frequency.month'), control: html`
        <select id="frequency-month" ?disabled=${fixed} @change=${(/** @type {Event} */ e) => { now.frequency.month = /** @type {any} */ (valueOf(e)); judge(); }}>
          ${['byDay', 'current', 'previous'].map((value) => html`<option value=${value} ?selected=${value === (now.frequency.month ?? 'byDay')}>${t(/** @type {any} */ (`frequency.month.${value}`))}</option>`)}
        </select>` })}</div>`}`;

  const timeZone = (/** @type {Settings} */ now, /** @type {boolean} */ fixed) => field({
    id: 'time-zone', label: t('timeZone.label'), hint: t('timeZone.hint'), control: html`
      <input id="time-zone" list="time-zones" autocomplete="off" ?disabled=${fixed} aria-describedby="time-zone-hint" .value=${now.timeZone} @change=${(/** @type {Event} */ e) => { now.timeZone = valueOf(e).trim(); judge(); }}>
      <datalist id="time-zones">${Intl.supportedValuesOf('timeZone').map((zone) => html`<option value=${zone}></option>`)}</datalist>`,
  });

  const guard = (/** @type {Settings} */ now, /** @type {Guard} */ name, /** @type {boolean} */ fixed) => {
    const jump = now.guards[name];
    if (!jump) return nothing;
    const input = (/** @type {'percent' | 'units'} */ unit) => html`<input type="number" min="0" ?disabled=${fixed} id="guard-${name}-${unit}" aria-label="${t(/** @type {any} */ (`guard.${name}`))}: ${t(`guard.${unit}`)}"
      .value=${String(jump[unit])} @change=${(/** @type {Event} */ e) => { jump[unit] = Number(valueOf(e)); judge(); }}>`;
    return html`<div class="guard"><p class="label">${t(/** @type {any} */ (`guard.${name}`))}</p><p>${t('guard.moreThan')} ${input('percent')} % ${t('guard.andUnits')} ${input('units')} ${t('guard.unitsWord')}</p></div>`;
  };

  /** When usage looks unfinished, in numbers within a sentence. @param {Settings} now @param {boolean} fixed */
  const unfinished = (now, fixed) => {
    const found = now.guards.unfinished;
    const input = (/** @type {'percent' | 'pairs' | 'unitsPercent'} */ unit) => html`<input type="number" min="0" ?disabled=${fixed} id="guard-unfinished-${unit}" aria-label="${t('guard.unfinished')}: ${t(`guard.${unit}`)}"
      .value=${String(found[unit])} @change=${(/** @type {Event} */ e) => { found[unit] = Number(valueOf(e)); judge(); }}>`;
    return html`<div class="guard"><p class="label">${t('guard.unfinished')}</p><p>${t('guard.goneMoreThan')} ${input('percent')} % ${t('guard.andAtLeast')} ${input('pairs')} ${t('guard.pairsWord')}</p>
      <p>${t('guard.unitsLower')} ${input('unitsPercent')} %</p><p class="hint">${t('guard.unfinishedHint')}</p></div>`;
  };

  const guards = (/** @type {Settings} */ now, /** @type {boolean} */ fixed) => html`<p class="hint">${t('guard.hint')}</p>
    ${guard(now, 'decrease', fixed)}${guard(now, 'increase', fixed)}
    ${field({ id: 'guard-zero', label: t('guard.toZero'), hint: t('guard.toZeroHint'), control: html`
      <input id="guard-zero" type="number" min="0" ?disabled=${fixed} aria-describedby="guard-zero-hint" .value=${String(now.guards.toZeroUnits)} @change=${(/** @type {Event} */ e) => {
        now.guards.toZeroUnits = Number(valueOf(e));
        judge();
      }}>` })}
    ${field({ id: 'guard-amount', label: t('guard.amount'), hint: t('guard.amountHint'), control: html`
      <input id="guard-amount" inputmode="decimal" ?disabled=${fixed} aria-describedby="guard-amount-hint" .value=${now.guards.amount ?? ''} @change=${(/** @type {Event} */ e) => {
        now.guards.amount = valueOf(e).trim().replace(',', '.') || null;
        judge();
      }}>` })}
    ${unfinished(now, fixed)}
    ${field({ id: 'guard-days', label: t('guard.newMonthDays'), hint: t('guard.newMonthDaysHint'), control: html`
      <input id="guard-days" type="number" min="0" max="28" ?disabled=${fixed} aria-describedby="guard-days-hint" .value=${String(now.guards.newMonthDays)} @change=${(/** @type {Event} */ e) => {
        now.guards.newMonthDays = Number(valueOf(e));
        judge();
      }}>` })}`;

  const reading = (/** @type {Settings} */ now, /** @type {'otherPeriod' | 'consecutivePeriods' | 'duplicateUsage'} */ name, /** @type {boolean} */ fixed) => {
    const values = name === 'duplicateUsage' ? ['ask', 'countOnce', 'addUp'] : ['ask', 'addUp', 'largestOnOneDay', 'lastPeriod'];
    const chosen = now.usagePeriods?.[name] ?? 'ask';
    return field({ id: `reading-${name}`, label: t(`reading.${name}`), control: html`
      <select id="reading-${name}" ?disabled=${fixed} @change=${(/** @type {Event} */ e) => {
        now.usagePeriods = { ...now.usagePeriods, [name]: /** @type {any} */ (valueOf(e)) };
        judge();
      }}>${values.map((value) => html`<option value=${value} ?selected=${value === chosen}>${t(/** @type {any} */ (`reading.${value}`))}</option>`)}</select>` });
  };

  const readings = (/** @type {Settings} */ now, /** @type {boolean} */ fixed) => html`<p class="hint">${t('reading.hint')}</p>
    <div class="form">${reading(now, 'otherPeriod', fixed)}${reading(now, 'consecutivePeriods', fixed)}${reading(now, 'duplicateUsage', fixed)}</div>`;

  const all = { frequency, timeZone, guards, readings };

  const messages = () => html`${may('psa/admin') ? nothing : notice('info', html`<p>${t('settings.adminOnly')}</p>`)}
    ${(shown?.warnings ?? []).map((warning) => notice('warn', html`<p>${warning}</p>`))}
    ${failed ? problemNotice(failed, form ? {} : { again: read }) : nothing}
    ${done && !dirty() ? notice('good', html`<p>${t('settings.saved')}</p>`) : nothing}`;

  return {
    dirty,
    reload: read,
    /** One part alone, for a screen with a place for each. @param {Part} part */
    part: (part) => (form ? all[part](form, !may('psa/admin')) : html`<div class="bones"><span class="bone"></span><span class="bone"></span></div>`),
    view: () => {
      if (!form || !shown) return failed ? problemNotice(failed, { again: read }) : html`<div class="bones"><span class="bone"></span><span class="bone"></span><span class="bone"></span></div>`;
      const now = form;
      return html`${parts.map((part) => all[part](now, !may('psa/admin')))}${messages()}`;
    },
    messages,
    button: () => (may('psa/admin') && form ? workButton({ text: t('settings.save'), busy, act: save, main: true, disabled: !dirty() }) : nothing),
  };
}

/** Opens the dialog "Sync settings". */
export function syncSettings() {
  /** @type {() => void} */
  let finish = () => undefined;
  const form = settingsForm(['frequency', 'timeZone'], () => finish());
  return openDialog({
    title: () => t('settings.sync'),
    view: (close) => {
      finish = close;
      return html`<div class="body">${form.view()}<p class="hint">${t('settings.more')}</p></div>
        <footer><button type="button" @click=${() => close()}>${t('cancel')}</button>${form.button()}</footer>`;
    },
  });
}
