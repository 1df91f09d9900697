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
import { amountsOf, byCurrency, moneys, sumOf, sumText } from './sums.js';

/** @typedef {import('../types').HoldRow} Hold */
/** @typedef {import('../types').RunView} Run */
/** @typedef {import('../types').RunDetail} Detail */
/** @typedef {import('../types').StillBilling} Still */
/** @typedef {{ view: () => unknown, opened?: (params: Record<string, string>) => void }} Tab */
/** What the tabs share.
 * @typedef {object} Month
 * @property {() => string} month
 * @property {() => Hold[] | undefined} holds those of the month
 * @property {() => Run[]} runs those of the month, the newest first
 * @property {() => Run | undefined} full the newest run or preview of everything that came to an end
 * @property {() => Detail | undefined} detail the same with its units by product
 * @property {() => Still[] | undefined} still
 * @property {() => boolean | undefined} writes
 * @property {(rows: Hold[]) => void} replace
 * @property {(rows: Still[]) => void} replaceStill
 * @property {() => Promise<void>} read
 * @property {(customers?: string[]) => Promise<void>} preview
 * @property {(customers: string[], lines: number) => Promise<void>} sync
 * @property {(run: Run) => void} started
 * @property {(kind: 'good' | 'warn', text: string) => void} tell
 * @property {(error: unknown) => void} fail */

const NUMBERS = /** @type {const} */ (['decide', 'changes', 'notBilled', 'still', 'late']);
const TABS = /** @type {const} */ ([...NUMBERS, 'report']);
const FOLLOW_MS = 1500;
/** The most customers that one run can be asked for by name. */
const MOST_CUSTOMERS = 100;

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
  /** @type {boolean | undefined} */
  let writes;
  /** @type {unknown} */
  let failed;
  /** @type {{ kind: 'good' | 'warn', text: string } | undefined} */
  let told;
  let starting = false;
  let following = false;
  let closed = false;

  const month = () => given.month || runs?.[0]?.month || new Date().toISOString().slice(0, 7);
  const ofMonth = () => (runs ?? []).filter((run) => run.month === month());
  const full = () => ofMonth().find((run) => ['succeeded', 'partial'].includes(run.state) && !run.customers && !run.ignoresSwitches && !run.failedIn);
  const isNew = () => runs !== undefined && holds !== undefined && holds.length === 0 && !runs.some((run) => run.kind !== 'preview');

  async function read() {
    failed = undefined;
    try {
      const [page, waiting, billed, switched] = await Promise.all([
        call('get', '/v1/sync/runs', { query: { pageSize: 25 } }), all('/v1/sync/holds', { pageSize: 500 }), all('/v1/sync/still-billing', { pageSize: 100 }), call('get', '/v1/connections/writes'),
      ]);
      [runs, holds, still, writes] = [page.items, waiting, billed, switched.writes];
      follow();
      draw();
      await readDetail();
      opened();
    } catch (error) {
      failed = error;
    }
    draw();
  }

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

  /** @param {string[]} customers @param {number} lines */
  async function sync(customers, lines) {
    const few = customers.length <= MOST_CUSTOMERS;
    const yes = await ask({ title: t('month.writeNowTitle', { n: lines }), text: html`<p>${few ? t('month.writeNowText', { n: customers.length }) : t('month.writeNowAll')}</p>`, yes: t('month.writeNowYes', { n: lines }) });
    if (!yes) return;
    const body = { month: month(), customers: few ? customers : undefined };
    await begin(() => once({ run: body }, (key) => call('post', '/v1/sync/runs', { body, key })));
  }

  /** @type {Month} */
  const of = {
    month, runs: ofMonth, full, sync, preview, started, read,
    holds: () => holds?.filter((hold) => hold.month === month()),
    detail: () => (detail && detail.runId === full()?.runId ? detail : undefined),
    still: () => still,
    writes: () => writes,
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

  /** The tab that is shown reads what it needs. */
  function opened() {
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

  /** The whole in one sentence: what waits, in units and money, until when. */
  function answer() {
    if (!holds || !runs) return failed ? nothing : t('loading');
    const list = decideTab.open();
    const sum = sumOf(list);
    const nextDay = list.flatMap((hold) => (hold.due === 'beforeInvoice' && hold.invoice ? [hold.invoice] : [])).sort()[0];
    const before = list.filter((hold) => hold.due === 'beforeInvoice' && hold.invoice === nextDay);
    const missed = list.filter((hold) => hold.due === 'missed').length;
    const others = [...new Set(holds.filter((hold) => hold.month !== month() && !hold.decision).map((hold) => hold.month))].sort();
    return html`${list.length > 0 ? html`<strong>${t('month.waiting', { n: list.length })}</strong>${sum.lines > 0 ? `: ${sumText(sum)}` : ''}.` : t('month.nothing')}
      ${nextDay ? t('month.before', { n: before.length, day: date(nextDay) }) : nothing}
      ${missed > 0 ? html`<strong>${t('month.missedCount', { n: missed })}</strong>` : nothing}
      ${others.map((one) => html` <a href=${link('month', { month: one })}>${t('month.alsoWaiting', { month: monthName(one) })}</a>`)}`;
  }

  /** @param {typeof TABS[number]} which
   * @returns {{ figure: string, more: string }} */
  function figures(which) {
    const waiting = holds ? decideTab.open() : [];
    if (which === 'decide') return { figure: number(waiting.length), more: waiting.length > 0 ? sumText(sumOf(waiting)) : '' };
    const run = ofMonth().find((one) => ['succeeded', 'partial', 'running'].includes(one.state));
    if (which === 'changes') return run ? { figure: number(run.counts.created + run.counts.updated + run.counts.adopted), more: sumText({ units: run.done.units, amounts: amountsOf(run.done) }) } : { figure: '–', more: '' };
    const products = of.detail()?.products;
    if (which === 'notBilled') return products ? { figure: t('units', { n: products.reduce((sum, one) => sum + one.unmapped + one.unassigned, 0) }), more: t('month.productsOpen', { n: products.filter((one) => one.unmapped + one.unassigned > 0).length }) } : { figure: '–', more: '' };
    const going = (still ?? []).filter((row) => !row.ending);
    const amounts = byCurrency(going.flatMap((row) => (row.amountPerMonth ? [{ currency: row.currency, amount: row.amountPerMonth }] : [])));
    if (which === 'still') return still ? { figure: number(going.length), more: amounts.length > 0 ? t('month.perMonth', { money: moneys(amounts) }) : '' } : { figure: '–', more: '' };
    const missed = (of.holds() ?? []).filter((hold) => hold.due === 'missed');
    return { figure: number(missed.length), more: missed.length > 0 ? sumText(sumOf(missed)) : '' };
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
      ${failed ? problemNotice(failed, { id: 'month-failed', again: holds ? undefined : () => { read(); }, close: holds ? () => { failed = undefined; draw(); } : undefined }) : nothing}
      ${isNew() ? shown('firstSteps') : strip()}
      ${isNew() && ofMonth().length === 0 ? nothing : html`<section id="panel" role=${tab() === 'report' || isNew() ? nothing : 'tabpanel'} aria-labelledby=${tab() === 'report' || isNew() ? nothing : `tab-${tab()}`} class="panel-of">${shown(tab())}</section>`}`,
    update: (next) => {
      given = { ...next };
      decideTab.update(given);
      readDetail().then(draw);
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
