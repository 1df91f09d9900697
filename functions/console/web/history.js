// History: the runs with what became of their lines, and the edits of people.

import { html, nothing, svg } from './vendor/lit-html/lit-html.js';
import { link, setParams } from './address.js';
import { call } from './api.js';
import { draw } from './draw.js';
import { difference } from './edits.js';
import { date, moment, money, month, number, signed, t, word } from './language.js';
import { badge, chips, empty, loadingRows, overriddenOf, problemNotice } from './parts.js';
import { agreementOfUnnamed } from './psa.js';
import { differences, landingText } from './sums.js';

/** @typedef {import('../types').RunView} Run */
/** @typedef {import('../types').RunDetail} Detail */
/** @typedef {import('../types').RunLine} Line */
/** @typedef {import('../types').EditRow} Edit */
/** @typedef {'good' | 'warn' | 'bad' | 'quiet' | 'info'} Kind */

const OUTCOMES = /** @type {const} */ (['unchanged', 'created', 'updated', 'adopted', 'waiting', 'held', 'skipped', 'failed']);
/** @type {Record<string, Kind>} */
export const KINDS = { unchanged: 'quiet', created: 'good', updated: 'good', adopted: 'info', waiting: 'quiet', held: 'warn', skipped: 'quiet', failed: 'bad' };
/** @type {Record<string, Kind>} */
export const STATES = { running: 'info', succeeded: 'good', partial: 'warn', failed: 'bad', cancelled: 'quiet', superseded: 'quiet' };
const FOLLOW_MS = 2000;

/** What became of a run's lines as one bar; the numbers stand beside it.
 * @param {Run['counts']} counts */
export function outcomeBar(counts) {
  const all = OUTCOMES.reduce((sum, name) => sum + counts[name], 0);
  let x = 0;
  const parts = OUTCOMES.filter((name) => counts[name] > 0).map((name) => {
    const width = (200 * counts[name]) / all;
    const part = svg`<rect class=${name} x=${x} width=${Math.max(width - 1, 0.5)} height="10" />`;
    x += width;
    return part;
  });
  const words = OUTCOMES.filter((name) => counts[name] > 0).map((name) => (name === 'held' ? t('customers.held', { n: counts.held }) : `${number(counts[name])} ${word('outcome', name)}`)).join(', ');
  return html`<svg class="bar" viewBox="0 0 200 10" preserveAspectRatio="none" role="img" aria-label=${words}>${parts}</svg><span class="line muted">${words}</span>`;
}

/** @param {Record<string, string>} params
 * @returns {import('./app.js').Screen} */
export function open(params) {
  let tab = params.tab ?? 'runs';
  let selected = params.run;
  let outcome = params.outcome ?? '';
  /** @type {Run[] | undefined} */
  let runs;
  /** @type {string | undefined} */
  let moreRuns;
  /** @type {Detail | undefined} */
  let detail;
  /** @type {Line[] | undefined} */
  let lines;
  /** @type {string | undefined} */
  let moreLines;
  /** @type {Edit[] | undefined} */
  let edits;
  /** @type {string | undefined} */
  let moreEdits;
  /** @type {unknown} */
  let failed;
  let closed = false;

  /** @param {() => Promise<void>} read */
  async function attempt(read) {
    failed = undefined;
    try {
      await read();
    } catch (error) {
      failed = error;
    }
    draw();
  }

  const readRuns = (/** @type {string | undefined} */ from) => attempt(async () => {
    const page = await call('get', '/v1/sync/runs', { query: { pageSize: 20, pageFromKey: from } });
    runs = from ? [...(runs ?? []), ...page.items] : page.items;
    moreRuns = page.pages.nextKey ?? undefined;
    if (!closed && runs.some((run) => run.state === 'running')) setTimeout(() => { if (!closed) readRuns(undefined); }, FOLLOW_MS);
  });

  const readLines = (/** @type {string | undefined} */ from) => attempt(async () => {
    if (!selected) return;
    if (!from) [lines, detail] = [undefined, detail?.runId === selected ? detail : undefined];
    draw();
    const of = selected;
    const query = { pageSize: 100, pageFromKey: from, outcome: /** @type {any} */ (outcome || undefined) };
    const [page, found] = await Promise.all([call('get', '/v1/sync/runs/{runId}/lines', { path: { runId: of }, query }), call('get', '/v1/sync/runs/{runId}', { path: { runId: of } })]);
    if (of !== selected) return;
    lines = from ? [...(lines ?? []), ...page.items] : page.items;
    [moreLines, detail] = [page.pages.nextKey ?? undefined, found];
  });

  const readEdits = (/** @type {string | undefined} */ from) => attempt(async () => {
    const page = await call('get', '/v1/edits', { query: { pageSize: 50, pageFromKey: from } });
    edits = from ? [...(edits ?? []), ...page.items] : page.items;
    moreEdits = page.pages.nextKey ?? undefined;
  });

  function read() {
    if (selected) readLines(undefined);
    else if (tab === 'edits') readEdits(undefined);
    else readRuns(undefined);
  }
  read();

  const more = (/** @type {string | undefined} */ key, /** @type {(from: string) => void} */ next) => (key ? html`<p><button type="button" @click=${() => next(key)}>${t('more')}</button></p>` : nothing);

  /** Units and money of a change, such as +312 and +1,204.00.
   * @param {Run['done']} change */
  const sum = (change) => {
    const priced = change.amounts.some((one) => Number(one.amount) !== 0);
    return Number(change.units) === 0 && !priced ? '–' : html`${signed(change.units)}<span class="line muted">${priced ? differences(change.amounts) : ''}</span>`;
  };

  const runTable = () => html`<div class="table-box" role="region" aria-label=${t('history.runs')} tabindex="0"><table class="cards">
    <thead><tr><th scope="col">${t('history.run')}</th><th scope="col">${t('history.state')}</th><th scope="col">${t('history.lines')}</th>
      <th scope="col" class="number">${t('history.written')}</th><th scope="col" class="number">${t('history.waiting')}</th></tr></thead>
    <tbody>${runs ? runs.map((run) => html`<tr><th scope="row"><a href=${link('history', { run: run.runId })}>${t('history.title', { kind: word('kind', run.kind), month: month(run.month) })}</a>
        <span class="line muted">${moment(run.openedAt)}${run.askedBy ? ` · ${run.askedBy}` : ''}</span></th>
      <td data-label=${t('history.state')}><div>${badge(STATES[run.state] ?? 'quiet', word('run', run.state), run.state === 'running' ? 'wait' : undefined)}
        ${run.state === 'running' ? html`<span class="line muted">${run.progress.what}${run.progress.of ? ` ${number(run.progress.done ?? 0)} / ${number(run.progress.of)}` : ''}</span>` : nothing}
        ${run.failure ? html`<span class="line">${run.failure.what}</span><span class="line"><b>${t('advice')}</b> ${run.failure.advice}</span>` : nothing}</div></td>
      <td data-label=${t('history.lines')}><div>${outcomeBar(run.counts)}</div></td>
      <td class="number" data-label=${t('history.written')}><div>${sum(run.done)}</div></td><td class="number" data-label=${t('history.waiting')}><div>${sum(run.held)}</div></td></tr>`) : loadingRows(5)}</tbody></table></div>
    ${runs?.length === 0 ? empty(t('history.noRuns'), t('history.noRunsHow')) : nothing}${more(moreRuns, readRuns)}`;

  /** @param {Line} line */
  const became = (line) => {
    const change = line.billed?.change ?? line.billed?.waiting;
    if (!change) return line.billed ? number(line.billed.quantity) : '–';
    return html`<span class="change">${number(change.from)} → ${number(change.to)}</span>${Number(change.units) === 0 ? nothing : html`<span class="line muted change">${signed(change.units)}${change.amount ? ` · ${money(change.amount, line.currency)}` : ''}</span>`}`;
  };

  const lineTable = () => html`<div class="table-box" role="region" aria-label=${t('history.lines')} tabindex="0"><table class="cards lines">
    <thead><tr><th scope="col">${t('history.customer')}</th><th scope="col">${t('configure.sophos')}</th><th scope="col">${t('history.outcome')}</th><th scope="col">${t('history.billed')}</th><th scope="col">${t('history.why')}</th></tr></thead>
    <tbody>${lines ? lines.map((line) => html`<tr><th scope="row"><span class="name">${line.customer}</span><span class="line muted">${line.agreement || agreementOfUnnamed(line)}</span></th>
      <td data-label=${t('configure.sophos')}><div>${line.description ?? line.product ?? '–'}<span class="line muted">${line.description ? `${line.product} · ` : ''}${t('units', { n: line.units })}</span></div></td>
      <td data-label=${t('history.outcome')}><span>${badge(KINDS[line.outcome] ?? 'quiet', word('outcome', line.outcome), line.outcome === 'held' ? 'wait' : undefined)}</span></td>
      <td data-label=${t('history.billed')}><div>${became(line)}${overriddenOf(line.billed)}${line.landing ? html`<span class="line muted">${landingText(line)}</span>` : nothing}</div></td>
      <td class=${line.what || line.advice ? '' : 'bare'} data-label=${t('history.why')}><div><span class="sentence">${line.what ?? ''}</span>${line.advice ? html`<span class="line"><b>${t('advice')}</b> ${line.advice}</span>` : nothing}</div></td></tr>`) : loadingRows(5)}</tbody></table></div>
    ${lines?.length === 0 ? empty(t('filter.none'), '') : nothing}${more(moreLines, readLines)}`;

  const runView = () => html`<p><a href=${link('history')}>${t('history.back')}</a></p>
    <div class="head"><div><h1>${detail ? t('history.title', { kind: word('kind', detail.kind), month: month(detail.month) }) : t('loading')}</h1>
      ${detail ? html`<p class="answer">${badge(STATES[detail.state] ?? 'quiet', word('run', detail.state))} ${moment(detail.openedAt)}${detail.askedBy ? ` · ${detail.askedBy}` : ''}
        ${detail.tiesOut === true ? badge('good', t('history.tiesOut')) : detail.tiesOut === false ? badge('bad', t('history.tiesNotOut')) : nothing} ${detail.complete ? nothing : badge('quiet', t('history.incomplete'))}</p>${outcomeBar(detail.counts)}<p class="hint">${t('history.linesHow')}</p>` : nothing}</div></div>
    <div class="tools">${chips(t('filter.label'), [{ value: '', text: t('filter.all') }, ...OUTCOMES.filter((name) => !detail || detail.counts[name] > 0).map((name) => ({ value: name, text: word('outcome', name), count: detail?.counts[name] }))], outcome, (value) => {
      outcome = value;
      setParams({ outcome: value || undefined });
      readLines(undefined);
    })}</div>${lineTable()}`;

  const editTable = () => html`<div class="table-box" role="region" aria-label=${t('history.edits')} tabindex="0"><table class="cards">
    <thead><tr><th scope="col">${t('history.what')}</th><th scope="col">${t('history.who')}</th><th scope="col">${t('history.changed')}</th><th scope="col">${t('history.note')}</th></tr></thead>
    <tbody>${edits ? edits.map((edit) => html`<tr><th scope="row">${word('edited', edit.kind)} <span class="code">${edit.id ?? ''}</span></th>
      <td data-label=${t('history.who')}><div>${edit.who}<span class="line muted">${moment(edit.at)}</span></div></td><td data-label=${t('history.changed')}><div>${difference(edit)}</div></td><td data-label=${t('history.note')}>${edit.note ?? '–'}</td></tr>`) : loadingRows(4)}</tbody></table></div>
    ${edits?.length === 0 ? empty(t('history.noEdits'), '') : nothing}${more(moreEdits, readEdits)}`;

  return {
    view: () => html`${failed ? problemNotice(failed, { again: read }) : nothing}
      ${selected ? runView() : html`<div class="head"><div><h1>${t('nav.history')}</h1><p class="answer">${t('history.answer')}</p></div></div>
        <div class="tools">${chips(t('filter.label'), [{ value: 'runs', text: t('history.runs') }, { value: 'edits', text: t('history.edits') }], tab, (value) => {
          tab = value;
          setParams({ tab: value === 'runs' ? undefined : value });
          read();
          draw();
        })}</div>${tab === 'edits' ? editTable() : runTable()}`}`,
    update: (next) => {
      [selected, outcome, tab] = [next.run, next.outcome ?? '', next.tab ?? 'runs'];
      read();
    },
    reload: read,
    close: () => { closed = true; },
  };
}
