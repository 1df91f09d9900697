// Month: how the usage month is, in one sentence and a few numbers; what waits, what changes, what is not billed, what still is.

import { html, nothing } from './vendor/lit-html/lit-html.js';
import { address, link, setParams } from './address.js';
import { all, call, may } from './api.js';
import { ask } from './dialog.js';
import { draw } from './draw.js';
import { date, month as monthName, number, t } from './language.js';
import { notice, problemNotice, valueOf, workButton } from './parts.js';
import { once } from './month-decision.js';
import { toDecide } from './month-decide.js';
import { moneys, perMonth, sumOf, sumText } from './sums.js';

/** @typedef {import('../types').HoldRow} Hold */
/** @typedef {import('../types').RunView} Run */
/** @typedef {import('../types').RunDetail} Detail */
/** @typedef {import('../types').StillBilling} Still */
/** @typedef {import('../types').Overview} Overview */
/** @typedef {{ view: () => unknown, opened?: (params: Record<string, string>) => void }} Tab */
/** What the tabs share.
 * @typedef {object} Month
 * @property {() => string} month
 * @property {() => Hold[] | undefined} holds those of the month
 * @property {() => Run[]} runs those of the month, the newest first
 * @property {() => Run | undefined} full the newest run or preview of everything that came to an end
 * @property {() => Detail | undefined} detail the same with its units by product
 * @property {() => Still[] | undefined} still read when its tab is looked at
 * @property {() => Overview | undefined} overview of the month
 * @property {(rows: Hold[]) => void} replace
 * @property {(rows: Still[]) => void} replaceStill
 * @property {() => Promise<void>} read
 * @property {() => void} needStill
 * @property {() => Promise<void>} readDetail
 * @property {(customers?: string[]) => Promise<void>} preview
 * @property {(lines: number) => Promise<void>} writeDecided
 * @property {(run: Run) => void} started
 * @property {(kind: 'good' | 'warn', text: string) => void} tell
 * @property {(error: unknown) => void} fail */

const NUMBERS = /** @type {const} */ (['decide', 'changes', 'notBilled', 'still', 'late']);
const TABS = /** @type {const} */ ([...NUMBERS, 'report']);
const FOLLOW_MS = 1500;

/** @param {Record<string, string>} params
 * @returns {import('./app.js').Screen} */
export function open(params) {
  let given = { ...params };
  /** @type {Run[] | undefined} */
  let runs;
  /** @type {Hold[] | undefined} */
  let holds;
  /** @type {Still[] | undefined} */
  let still;
  /** @type {Detail | undefined} */
  let detail;
  /** @type {Overview | undefined} */
  let overview;
  /** @type {unknown} */
  let failed;
  /** @type {{ kind: 'good' | 'warn', text: string } | undefined} */
  let told;
  let starting = false;
  let following = false;
  let closed = false;
  let needsStill = false;

  const month = () => given.month || overview?.month || new Date().toISOString().slice(0, 7);
  const ofMonth = () => (runs ?? []).filter((run) => run.month === month());
  const full = () => ofMonth().find((run) => ['succeeded', 'partial'].includes(run.state) && !run.customers && !run.ignoresSwitches && !run.failedIn && !run.decidedAlone);
  const seen = () => (overview?.month === month() ? overview : undefined);
  /** Why the vendor's own usage sync may still be on. */
  const vendorSync = () => (overview?.lastRun ?? overview?.lastPreview)?.vendorSync;
  const isNew = () => overview !== undefined && !overview.lastRun && overview.toDecide.lines === 0;

  /** Reads how the month is in one request, and then the lists behind it. */
  async function read() {
    failed = undefined;
    try {
      await readOverview();
      const [page, waiting] = await Promise.all([call('get', '/v1/sync/runs', { query: { pageSize: 25 } }), all('/v1/sync/holds', { pageSize: 500 }), needsStill ? readStill() : undefined]);
      [runs, holds] = [page.items, waiting];
      follow();
      opened();
    } catch (error) {
      failed = error;
    }
    draw();
  }

  async function readOverview() {
    overview = await call('get', '/v1/sync/overview', { query: { month: given.month || undefined } });
    draw();
  }

  /** The additions that are still billed are read when somebody looks at them, once. */
  function needStill() {
    if (!needsStill && overview) readStill().catch(of.fail);
  }

  async function readStill() {
    needsStill = true;
    still = await all('/v1/sync/still-billing', { pageSize: 100 });
    draw();
  }

  /** The units of the newest run by product. */
  async function readDetail() {
    const run = full();
    if (run && detail?.runId !== run.runId) detail = await call('get', '/v1/sync/runs/{runId}', { path: { runId: run.runId } });
  }

  /** Looks after runs that are under way, whoever started them, until they have ended. */
  function follow() {
    if (following || closed || !runs?.some((run) => run.state === 'running')) return;
    following = true;
    setTimeout(async () => {
      following = false;
      if (closed) return;
      try {
        runs = (await call('get', '/v1/sync/runs', { query: { pageSize: 25 } })).items;
        if (!runs.some((run) => run.state === 'running')) await read();
      } catch (error) {
        failed = error;
      }
      follow();
      draw();
    }, FOLLOW_MS);
  }

  /** @param {Run} run */
  function started(run) {
    runs = [run, ...(runs ?? []).filter((one) => one.runId !== run.runId)];
    set({ tab: 'changes', run: run.runId, month: run.month });
    follow();
  }

  /** @param {() => Promise<Run>} start */
  async function begin(start) {
    [starting, failed, told] = [true, undefined, undefined];
    draw();
    try {
      started(await start());
    } catch (error) {
      failed = error;
    }
    starting = false;
    draw();
  }

  const preview = (/** @type {string[] | undefined} */ customers) => begin(() => {
    const body = { month: given.month || undefined, customers };
    return once({ preview: body }, (key) => call('post', '/v1/sync/previews', { body, key }));
  });

  /** @param {number} lines */
  async function writeDecided(lines) {
    const yes = await ask({ title: t('month.writeNowTitle', { n: lines }), text: html`<p>${t('month.writeNowText')}</p>`, yes: t('month.writeNowYes', { n: lines }) });
    if (!yes) return;
    const body = { month: month() };
    await begin(() => once({ write: body }, (key) => call('post', '/v1/sync/holds/decisions/write', { body, key })));
  }

  /** @type {Month} */
  const of = {
    month, runs: ofMonth, full, writeDecided, preview, started, read,
    holds: () => holds?.filter((hold) => hold.month === month()),
    detail: () => (detail && detail.runId === full()?.runId ? detail : undefined),
    still: () => still,
    overview: seen,
    readDetail, needStill,
    replace: (rows) => {
      const changed = new Map(rows.map((row) => [`${row.month} ${row.customerId} ${row.psaProductId}`, row]));
      holds = (holds ?? []).map((hold) => changed.get(`${hold.month} ${hold.customerId} ${hold.psaProductId}`) ?? hold);
    },
    replaceStill: (rows) => {
      const changed = new Map(rows.map((row) => [row.additionId, row]));
      still = (still ?? []).map((row) => changed.get(row.additionId) ?? row);
    },
    tell: (kind, text) => {
      told = { kind, text };
      draw();
      setTimeout(() => document.getElementById('month-told')?.focus());
    },
    fail: (error) => {
      failed = error;
      draw();
      setTimeout(() => document.getElementById('month-failed')?.focus());
    },
  };

  const decideTab = toDecide(of, given);
  /** What is not on the first screen is loaded when it is looked at.
   * @type {Record<string, () => Promise<Tab>>} */
  const load = {
    changes: async () => (await import('./month-changes.js')).changes(of),
    notBilled: async () => (await import('./month-not-billed.js')).notBilled(of),
    still: async () => (await import('./month-still-billing.js')).stillBilling(of),
    report: async () => (await import('./month-report.js')).report(of),
    firstSteps: async () => (await import('./month-checklist.js')).checklist(of),
  };
  /** @type {Set<string>} */
  const loading = new Set();
  /** @type {Record<string, Tab | undefined>} */
  const tabs = { decide: decideTab, late: { view: decideTab.late } };
  const tab = () => TABS.find((one) => one === given.tab) ?? (isNew() ? 'changes' : 'decide');

  /** @param {Record<string, string | undefined>} more */
  function set(more) {
    given = { ...address().params, .../** @type {Record<string, string>} */ (more) };
    setParams(more);
    opened();
    draw();
  }

  /** The tab that is shown reads what it needs; the numbers are those of its month. */
  function opened() {
    if (overview && !seen()) readOverview().catch(of.fail);
    tabs[tab()]?.opened?.(given);
  }

  /** The view of a tab, or its frame until it is loaded.
   * @param {string} name */
  function shown(name) {
    const there = tabs[name];
    if (there) return there.view();
    if (!loading.has(name)) {
      loading.add(name);
      load[name]?.().then((module) => {
        tabs[name] = module;
        loading.delete(name);
        module.opened?.(given);
        draw();
      }, of.fail);
    }
    return html`<div class="bones"><span class="bone"></span></div>`;
  }

  /** What waits: by the lines once they are read, so that it follows what is decided. */
  function waiting() {
    if (!holds) {
      const all = seen()?.toDecide;
      return all && { lines: all.lines, sum: { ...all.change, lines: all.lines - all.withoutRelease }, day: all.nextInvoice, before: all.beforeNextInvoice, missed: all.missed };
    }
    const list = decideTab.open();
    const day = list.flatMap((hold) => (hold.due === 'beforeInvoice' && hold.invoice ? [hold.invoice] : [])).sort()[0];
    const before = list.filter((hold) => hold.due === 'beforeInvoice' && hold.invoice === day).length;
    return { lines: list.length, sum: sumOf(list), day, before, missed: list.filter((hold) => hold.due === 'missed').length };
  }

  /** The whole in one sentence: what waits, in units and money, until when. */
  function answer() {
    const waits = waiting();
    if (!waits) return failed ? nothing : t('loading');
    const others = [...new Set((holds ?? []).filter((hold) => hold.month !== month() && !hold.decision).map((hold) => hold.month))].sort();
    return html`${waits.lines > 0 ? html`<strong>${t('month.waiting', { n: waits.lines })}</strong>${waits.sum.lines > 0 ? `: ${sumText(waits.sum)}` : ''}.` : t('month.nothing')}
      ${waits.day ? t('month.before', { n: waits.before, day: date(waits.day) }) : nothing}
      ${waits.missed > 0 ? html`<strong>${t('month.missedCount', { n: waits.missed })}</strong>` : nothing}
      ${others.map((one) => html` <a href=${link('month', { month: one })}>${t('month.alsoWaiting', { month: monthName(one) })}</a>`)}`;
  }

  /** @param {typeof TABS[number]} which
   * @returns {{ figure: string, more: string }} */
  function figures(which) {
    const all = seen();
    const waits = waiting();
    if (which === 'decide' && waits) return { figure: number(waits.lines), more: waits.lines > 0 ? sumText(waits.sum) : '' };
    if (which === 'late' && holds) {
      const missed = (of.holds() ?? []).filter((hold) => hold.due === 'missed');
      return { figure: number(missed.length), more: missed.length > 0 ? sumText(sumOf(missed)) : '' };
    }
    if (!all) return { figure: '–', more: '' };
    if (which === 'changes') return all.changes ? { figure: number(all.changes.pairs), more: sumText(all.changes.change) } : { figure: '–', more: '' };
    if (which === 'notBilled' && !all.notBilled) return { figure: '–', more: t('month.incomplete') };
    if (which === 'notBilled' && all.notBilled) return { figure: t('units', { n: all.notBilled.unmappedUnits + all.notBilled.unassignedUnits }), more: t('month.productsOpen', { n: all.notBilled.products }) };
    if (which === 'late') return { figure: number(all.toDecide.missed), more: '' };
    const going = still?.filter((row) => !row.ending);
    const amounts = going ? perMonth(going) : all.stillBilling.amountsPerMonth;
    return { figure: number(going ? going.length : all.stillBilling.additions), more: amounts.length > 0 ? t('month.perMonth', { money: moneys(amounts) }) : '' };
  }

  /** @param {KeyboardEvent} event @param {number} at */
  function arrows(event, at) {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    const next = NUMBERS[at + step];
    if (step === 0 || !next) return;
    event.preventDefault();
    choose(next);
    document.getElementById(`tab-${next}`)?.focus();
  }

  const choose = (/** @type {typeof TABS[number]} */ which) => set({ tab: which === 'decide' ? undefined : which, run: undefined });

  const strip = () => html`<div class="numbers" role="tablist" aria-label=${t('month.tabs')}>${NUMBERS.map((which, at) => {
    const { figure, more } = figures(which);
    const on = which === tab();
    return html`<button type="button" role="tab" id="tab-${which}" aria-selected=${on ? 'true' : 'false'} aria-controls="panel" tabindex=${on || (tab() === 'report' && at === 0) ? '0' : '-1'} @click=${() => choose(which)} @keydown=${(/** @type {KeyboardEvent} */ event) => arrows(event, at)}>
      <span class="label">${t(`month.tab.${which}`)}</span><span class="figure">${figure}</span><span class="more">${more || '\u00a0'}</span></button>`;
  })}</div>`;

  const months = () => [...new Set([month(), ...(runs ?? []).map((run) => run.month), ...(holds ?? []).map((hold) => hold.month), new Date().toISOString().slice(0, 7)])].sort().reverse();

  const head = () => html`<div class="head"><div><h1>${t('month.title', { month: monthName(month()) })}</h1><p class="answer">${isNew() ? t('month.welcome') : answer()}</p></div>
    <div class="actions"><label class="pick-one"><span>${t('month.month')}</span><select id="pick-month" @change=${(/** @type {Event} */ event) => set({ month: valueOf(event), run: undefined })}>${months().map((one) => html`<option value=${one} ?selected=${one === month()}>${monthName(one)}</option>`)}</select></label>
      ${isNew() ? nothing : html`<button type="button" aria-pressed=${tab() === 'report' ? 'true' : 'false'} @click=${() => choose(tab() === 'report' ? 'decide' : 'report')}>${t('month.report')}</button>`}
      ${may('psa/write') ? workButton({ text: t('month.preview'), busy: starting, act: () => preview(undefined), main: true, id: 'preview' }) : nothing}</div></div>`;

  read();

  return {
    view: () => html`${head()}
      ${told ? notice(told.kind, html`<p>${told.text}</p>`, { id: 'month-told', focus: true, close: () => { told = undefined; draw(); } }) : nothing}
      ${failed ? problemNotice(failed, { id: 'month-failed', again: overview && holds ? undefined : () => { read(); }, close: overview && holds ? () => { failed = undefined; draw(); } : undefined }) : nothing}
      ${vendorSync() ? notice('warn', html`<p>${vendorSync()?.what}</p><p>${vendorSync()?.advice}</p>`) : nothing}
      ${isNew() ? nothing : strip()}
      ${isNew() && ofMonth().length === 0 ? nothing : html`<section id="panel" role=${tab() === 'report' || isNew() ? nothing : 'tabpanel'} aria-labelledby=${tab() === 'report' || isNew() ? nothing : `tab-${tab()}`} class="panel-of">${shown(tab())}</section>`}
      ${isNew() ? shown('firstSteps') : nothing}`,
    update: (next) => {
      given = { ...next };
      decideTab.update(given);
      opened();
    },
    // What the API said in words is asked for again in the language that is shown now.
    reload: () => {
      for (const name of Object.keys(load)) delete tabs[name];
      read();
    },
    close: () => { closed = true; },
  };
}
