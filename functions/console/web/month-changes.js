// Changes: the newest preview or run of the month, what it does or did line by line, and what can be done with it.

import { html, nothing } from './vendor/lit-html/lit-html.js';
import { all, call, callWithTag, may } from './api.js';
import { link } from './address.js';
import { foot, openDialog } from './dialog.js';
import { draw, say } from './draw.js';
import { date, moment, month as monthName, number, signed, signedMoney, t, word } from './language.js';
import { badge, empty, loadingRows, notice, overriddenOf, problemNotice, valueOf, workButton } from './parts.js';
import { KINDS, outcomeBar, STATES } from './history.js';
import { once } from './month-decision.js';
import { agreementOf, namesOf } from './month-why.js';
import { agreementOfUnnamed } from './psa.js';
import { landingText, sumText, unitsText } from './sums.js';

/** @typedef {import('../types').RunView} Run */
/** @typedef {import('../types').RunLine} Line */

const OUTCOMES = /** @type {const} */ (['failed', 'held', 'waiting', 'created', 'updated', 'adopted', 'skipped', 'unchanged']);
const A_DAY = 24 * 60 * 60 * 1000;
const STEP = 50;

/** All lines of a run that ended so.
 * @param {string} runId @param {typeof OUTCOMES[number]} [outcome] */
export const linesOf = (runId, outcome) => all('/v1/sync/runs/{runId}/lines', { outcome, pageSize: 1000 }, { runId });

/** @param {import('./month.js').Month} of */
export function changes(of) {
  let wanted = '';
  /** The lines of a run by outcome, as far as they were opened.
   * @type {Map<string, { lines?: Line[], failed?: unknown, shown: number }>} */
  const read = new Map();
  /** @type {Map<string, boolean>} */
  const opened = new Map();
  let busy = '';

  const run = () => of.runs().find((one) => one.runId === wanted) ?? of.runs().find((one) => one.state === 'running') ?? of.runs().find((one) => one.state !== 'superseded') ?? of.runs()[0];

  /** @param {Run} shown @param {typeof OUTCOMES[number]} outcome */
  async function readLines(shown, outcome) {
    const key = `${shown.runId} ${outcome}`;
    if (read.has(key)) return;
    read.set(key, { shown: STEP });
    try {
      const lines = await linesOf(shown.runId, outcome);
      // What was set to 0 without a question comes first.
      const first = (/** @type {Line} */ line) => Number(line.reason !== 'setToZero');
      read.set(key, { lines: lines.sort((a, b) => first(a) - first(b)), shown: STEP });
    } catch (error) {
      read.set(key, { failed: error, shown: STEP });
    }
    draw();
  }

  /** @param {string} name @param {(key: string) => Promise<Run>} act @param {string} id */
  async function doOnce(name, act, id) {
    busy = name;
    draw();
    try {
      of.started(await once({ [name]: id }, act));
      // The button is gone: who works by keyboard goes on at what it has started.
      setTimeout(() => document.getElementById('run')?.focus());
    } catch (error) {
      of.fail(error);
    }
    busy = '';
    draw();
  }

  /** @param {Run} shown */
  const sum = (shown) => sumText(shown.done);

  /** What Apply will do, in one sentence. What it comes to is said above it, and on the button of the dialog.
   * @param {Run} shown */
  const sentence = (shown) => html`${t('month.applySentence', { created: number(shown.counts.created), updated: number(shown.counts.updated), adopted: number(shown.counts.adopted) })}
    ${shown.counts.held > 0 ? t('month.applyHeld', { n: shown.counts.held }) : nothing} ${shown.counts.failed > 0 ? t('month.applyFailed', { n: shown.counts.failed }) : nothing}`;

  /** The held lines of a preview that only take over an addition at another quantity; one that would be set to 0 waits all the same.
   * @param {Run} shown */
  async function adoptable(shown) {
    if (shown.counts.held === 0) return [];
    const held = await linesOf(shown.runId, 'held');
    return held.filter((line) => line.reason === 'adopt' && Number(line.billed?.waiting?.to ?? 0) > 0);
  }

  /** @param {Run} shown */
  async function apply(shown) {
    /** @type {Line[]} */
    let adopts = [];
    try {
      adopts = await adoptable(shown);
    } catch (error) {
      of.fail(error);
      return;
    }
    let write = false;
    const yes = await openDialog({
      title: () => t('month.applyTitle', { month: monthName(shown.month) }),
      view: (close) => html`<div class="body"><p>${sentence(shown)}</p>
        ${adopts.length > 0 ? html`<label class="choice"><input type="checkbox" id="apply-adopt" .checked=${write} @change=${(/** @type {Event} */ event) => { write = /** @type {HTMLInputElement} */ (event.target).checked; draw(); }}> <span>${t('month.applyAdopt', { n: adopts.length })}</span></label>` : nothing}
        <p class="muted">${t('month.applyMoved')}</p></div>
        ${foot(html`<button type="button" class="main" id="apply-do" @click=${() => close(true)}>${write ? t('month.applyBoth') : t('month.applyYes', { sum: sum(shown) })}</button>`, () => close())}`,
    });
    const body = { adoptions: /** @type {'ask' | 'write'} */ (write ? 'write' : 'ask') };
    if (yes) await doOnce('apply', (key) => call('post', '/v1/sync/previews/{runId}/apply', { path: { runId: shown.runId }, body, key }), shown.runId);
  }

  /** @param {Run} shown */
  async function download(shown) {
    busy = 'csv';
    draw();
    try {
      const parts = [];
      let next = '';
      do {
        const page = await callWithTag('get', '/v1/sync/runs/{runId}/lines.csv', { path: { runId: shown.runId }, query: { pageSize: 1000, pageFromKey: next || undefined } });
        parts.push(String(page.body));
        next = page.next;
      } while (next);
      // Excel takes a file without the mark for its own old encoding, and shows → and accents wrong.
      const url = URL.createObjectURL(new Blob(['\uFEFF', ...parts], { type: 'text/csv' }));
      Object.assign(document.createElement('a'), { href: url, download: `${shown.runId}.csv` }).click();
      setTimeout(() => URL.revokeObjectURL(url), 1000);
      say(t('month.downloaded'));
    } catch (error) {
      of.fail(error);
    }
    busy = '';
    draw();
  }

  /** What can be done with the run, and why not.
   * @param {Run} shown */
  function actions(shown) {
    const over = ['succeeded', 'partial'].includes(shown.state);
    const appliedBy = of.runs().find((one) => one.preview === shown.runId);
    const old = Date.now() - Date.parse(shown.endedAt ?? shown.openedAt) > A_DAY;
    const applicable = shown.kind === 'preview' && over && !shown.ignoresSwitches && !appliedBy && !old;
    const write = may('psa/write');
    return html`${shown.kind === 'preview' && over && !applicable ? html`<p class="muted">${appliedBy ? t('month.applied', { who: appliedBy.askedBy ?? '–', at: moment(appliedBy.openedAt) }) : old ? t('month.previewOld') : t('month.previewSwitches')}</p>` : nothing}
      ${applicable ? html`<p>${sentence(shown)}</p>${of.overview()?.writes === false ? notice('warn', html`<p>${t('writes.sentenceOff')} <a href=${link('settings')}>${t('nav.settings')}</a></p>`) : nothing}` : nothing}
      <div class="row-end">${applicable && write ? workButton({ text: t('month.apply'), busy: busy === 'apply', act: () => apply(shown), main: true, id: 'apply', disabled: of.overview()?.writes === false }) : nothing}
      ${write && shown.kind !== 'preview' && shown.state !== 'running' && (shown.counts.failed > 0 || ['failed', 'cancelled'].includes(shown.state)) ? workButton({ text: shown.counts.failed > 0 ? t('month.retry', { n: shown.counts.failed }) : t('month.retryAll'), busy: busy === 'retry', id: 'retry', act: () => doOnce('retry', (key) => call('post', '/v1/sync/runs/{runId}/retry', { path: { runId: shown.runId }, body: {}, key }), shown.runId) }) : nothing}
      ${write && shown.state === 'running' ? workButton({ text: t('month.cancelRun'), busy: busy === 'cancel', id: 'cancel-run', act: () => doOnce('cancel', (key) => call('post', '/v1/sync/runs/{runId}/cancel', { path: { runId: shown.runId }, body: {}, key }), shown.runId) }) : nothing}
      ${shown.state === 'running' ? nothing : workButton({ text: t('month.csv'), busy: busy === 'csv', id: 'csv', act: () => download(shown) })}</div>`;
  }

  /** @param {Run} shown */
  const progress = (shown) => html`<div class="progress" role="status"><p>${shown.progress.what}${shown.progress.of ? html` <span class="number">${number(shown.progress.done ?? 0)} / ${number(shown.progress.of)}</span>` : nothing}</p>
    <progress aria-label=${shown.progress.what} max=${shown.progress.of ?? nothing} value=${shown.progress.of ? (shown.progress.done ?? 0) : nothing}></progress><p class="muted">${t('month.leave')}</p></div>`;

  /** @param {Line} line */
  function quantity(line) {
    const change = line.billed?.change ?? line.billed?.waiting;
    if (['failed', 'skipped'].includes(line.outcome)) return t('units', { n: line.units });
    if (!change) return html`${line.billed?.sharedWith ? t('month.sharedWith', { product: line.billed.sharedWith }) : line.billed ? number(line.billed.quantity) : t('units', { n: line.units })}`;
    return html`${number(change.from)} → <b>${number(change.to)}</b><span class="line muted">${unitsText(change)}</span>`;
  }

  /** @param {Run} shown @param {typeof OUTCOMES[number]} outcome */
  function section(shown, outcome) {
    const count = shown.counts[outcome];
    if (count === 0) return nothing;
    const key = `${shown.runId} ${outcome}`;
    const open = opened.get(key) ?? false;
    const found = read.get(key);
    const lines = found?.lines;
    return html`<details class="outcome" ?open=${open} @toggle=${(/** @type {Event} */ event) => {
      const now = /** @type {HTMLDetailsElement} */ (event.target).open;
      if (now === (opened.get(key) ?? false)) return;
      opened.set(key, now);
      if (now) readLines(shown, outcome);
      draw();
    }}><summary>${badge(KINDS[outcome] ?? 'quiet', word('outcome', outcome), outcome === 'held' ? 'wait' : undefined)} <b>${t('month.lines', { n: count })}</b></summary>
      ${found?.failed ? problemNotice(found.failed) : nothing}
      ${open ? html`<div class="table-box" role="region" aria-label=${word('outcome', outcome)} tabindex="0"><table class="cards">
        <thead><tr><th scope="col">${t('month.customer')}</th><th scope="col">${t('month.product')}</th><th scope="col" class="number">${t('month.quantity')}</th><th scope="col" class="number">${t('month.money')}</th><th scope="col">${t('history.why')}</th></tr></thead>
        <tbody>${lines ? lines.slice(0, found?.shown).map((line) => {
          const amount = (line.billed?.change ?? line.billed?.waiting)?.amount;
          return html`<tr><th scope="row"><span class="name">${line.customer}</span><span class="line muted">${line.agreement ? agreementOf(line) : agreementOfUnnamed(line)}</span></th>
            <td data-label=${t('month.product')}><span>${line.description ?? line.product ?? '–'}${line.description ? html` <span class="code">${line.product}</span>` : nothing}${line.billed ? html`<span class="line muted">→ ${namesOf(line.billed)}</span>` : nothing}</span></td>
            <td class="number" data-label=${t('month.quantity')}><div>${quantity(line)}</div></td><td class="number" data-label=${t('month.money')}>${amount ? signedMoney(amount, line.currency) : '–'}</td>
            <td data-label=${t('history.why')}><div><span class="sentence">${line.what ?? nothing}</span>${overriddenOf(line.billed)}${line.landing ? html`<span class="line muted">${landingText(line)}</span>` : nothing}${line.advice ? html`<span class="line"><b>${t('advice')}</b> ${line.advice}</span>` : nothing}</div></td></tr>`;
        }) : loadingRows(5, 3)}</tbody></table></div>
        ${lines && found && lines.length > found.shown ? html`<p><button type="button" @click=${() => { found.shown += STEP * 4; draw(); }}>${t('more')}</button></p>` : nothing}` : nothing}</details>`;
  }

  /** @param {Run} one */
  const title = (one) => `${word('kind', one.kind)}, ${moment(one.openedAt)}`;

  return {
    /** @param {Record<string, string>} params */
    opened: (params) => { wanted = params.run ?? ''; },
    view: () => {
      const shown = run();
      if (!shown) return empty(t('history.noRuns'), t('month.previewHow'));
      const first = of.runs();
      return html`<div class="run" id="run" tabindex="-1"><div class="head"><div><h2>${title(shown)} ${badge(STATES[shown.state] ?? 'quiet', word('run', shown.state), shown.state === 'running' ? 'wait' : undefined)}</h2>
          <p class="muted">${shown.askedBy ?? t('kind.scheduled')}${shown.customers ? ` · ${t('month.someCustomers', { n: shown.customers.length })}` : ''}${shown.kind === 'preview' ? ` · ${t('month.writesNothing')}` : ''}</p></div>
          ${first.length > 1 ? html`<label class="pick-one"><span>${t('history.run')}</span><select id="pick-run" @change=${(/** @type {Event} */ event) => { wanted = valueOf(event); draw(); }}>${first.map((one) => html`<option value=${one.runId} ?selected=${one.runId === shown.runId}>${title(one)}</option>`)}</select></label>` : nothing}</div>
        ${shown.state === 'running' ? progress(shown) : html`<p>${shown.kind === 'preview' ? t('month.wouldChange') : t('month.didChange')} <b>${sum(shown)}</b></p>`}
        ${outcomeBar(shown.counts)}<p class="hint">${t('history.linesHow')}</p>
        ${shown.failure ? notice('bad', html`<p><b>${shown.failure.what}</b></p><p>${shown.failure.advice}</p>`) : nothing}
        ${shown.vendorSync ? notice('warn', html`<p>${shown.vendorSync.what}</p><p>${shown.vendorSync.advice}</p>`) : nothing}
        ${(shown.questions ?? []).map((question) => notice('warn', html`<p>${question.what} <a href=${link('settings')}>${t('nav.settings')}</a></p>`))}
        ${shown.unfinished ? notice('warn', html`<p>${t('month.unfinished', { n: shown.unfinished.gone, of: number(shown.unfinished.pairs), before: number(shown.unfinished.unitsBefore), now: number(shown.unfinished.unitsNow) })}</p>`) : nothing}
        ${(shown.unfinishedProducts ?? []).map((one) => notice('warn', html`<p>${t('month.unfinishedProduct', { product: one.product, n: number(one.gone), of: number(one.pairs) })} ${shown.kind === 'preview' ? nothing : html`<a href=${link('month', { month: shown.month, reason: 'productUnfinished' })}>${t('month.tab.decide')}</a>`}</p>`))}
        ${actions(shown)}</div>
        ${OUTCOMES.map((outcome) => section(shown, outcome))}`;
    },
  };
}
