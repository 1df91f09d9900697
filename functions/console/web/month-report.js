// The month's report: what was written, decided, not billed and still billed, on paper, with a line to sign.

import { html, nothing } from './vendor/lit-html/lit-html.js';
import { draw } from './draw.js';
import { compare, moment, money, month as monthName, number, signed, signedMoney, t, word } from './language.js';
import { badge, empty, problemNotice } from './parts.js';
import { linesOf } from './month-changes.js';
import { psaName } from './month-hold.js';
import { decisionText } from './month-decision.js';
import { notBilledOf, notBilledTables } from './month-not-billed.js';
import { byCurrency, differences, moneys, perMonth, sumText, total } from './sums.js';

/** Where units went, in the order of the columns; one in which there are none is left out. */
const WENT = /** @type {const} */ (['synced', 'waiting', 'held', 'failed', 'off', 'customerOff', 'excluded', 'unmapped', 'unassigned', 'notMonthlyBilling', 'firewallMode', 'coveredByLargest']);

/** @typedef {import('../types').RunLine} Line */
/** @typedef {{ name: string, pairs: number, units: number, more: string, amounts: import('../types').Amount[] }} Row */

/** @param {Line[]} lines @param {(line: Line) => string} nameOf
 * @returns {Row[]} */
function summed(lines, nameOf) {
  /** @type {Map<string, Line[]>} */
  const groups = new Map();
  for (const line of lines) {
    const own = groups.get(nameOf(line));
    if (own) own.push(line);
    else groups.set(nameOf(line), [line]);
  }
  return [...groups].sort(([a], [b]) => compare(a, b)).map(([name, own]) => {
    const changes = own.flatMap((line) => (line.billed?.change ? [{ change: line.billed.change, currency: line.currency }] : []));
    return {
      name, pairs: own.length, units: own.reduce((sum, line) => sum + line.units, 0), more: total(changes.map(({ change }) => change.units)),
      amounts: byCurrency(changes.flatMap(({ change, currency }) => (change.amount ? [{ currency, amount: change.amount }] : []))),
    };
  });
}

/** @param {import('./month.js').Month} of */
export function report(of) {
  /** @type {{ lines: Line[], groups: Awaited<ReturnType<typeof notBilledOf>> } | undefined} */
  let found;
  /** @type {unknown} */
  let failed;
  let readFor = '';

  /** The run that the report is about: the newest one that wrote, or the newest preview. */
  const run = () => of.runs().find((one) => one.kind !== 'preview' && !one.customers && !one.decidedAlone && ['succeeded', 'partial'].includes(one.state)) ?? of.full();

  async function read() {
    of.needStill();
    const about = run();
    if (!about || readFor === about.runId) return;
    [readFor, found, failed] = [about.runId, undefined, undefined];
    try {
      const [lines, groups] = await Promise.all([linesOf(about.runId), notBilledOf(about.month), of.readDetail()]);
      if (readFor === about.runId) found = { lines, groups };
    } catch (error) {
      failed = error;
    }
    draw();
  }

  /** @param {string} caption @param {string} first @param {Row[]} rows */
  const table = (caption, first, rows) => html`<table><caption>${caption}</caption><thead><tr><th scope="col">${first}</th><th scope="col" class="number">${t('month.usageUnits')}</th><th scope="col" class="number">${t('month.changeUnits')}</th><th scope="col" class="number">${t('month.money')}</th></tr></thead>
    <tbody>${rows.map((row) => html`<tr><th scope="row">${row.name}</th><td class="number">${number(row.units)}</td><td class="number">${Number(row.more) === 0 ? '–' : signed(row.more)}</td><td class="number">${row.amounts.some((one) => Number(one.amount) !== 0) ? differences(row.amounts) : '–'}</td></tr>`)}</tbody>
    <tfoot><tr><th scope="row">${t('month.total')}</th><td class="number">${number(rows.reduce((sum, row) => sum + row.units, 0))}</td><td class="number">${signed(total(rows.map((row) => row.more)))}</td><td class="number">${differences(byCurrency(rows.flatMap((row) => row.amounts)))}</td></tr></tfoot></table>`;

  /** What each outcome comes to; of a run that has not come to its end, that it has not. */
  function totals() {
    const detail = of.detail();
    if (!detail) return nothing;
    if (!detail.totals) return html`<p>${t('month.incomplete')}</p>`;
    return html`<table><caption>${t('month.totals')}</caption><thead><tr><th scope="col">${t('history.outcome')}</th>${/** @type {const} */ (['pairs', 'usageUnits', 'writes', 'changeMoney', 'billedMoney', 'noPrice']).map((name) => html`<th scope="col" class="number">${t(`month.${name}`)}</th>`)}</tr></thead>
      <tbody>${detail.totals.filter((one) => one.pairs > 0).map((one) => html`<tr><th scope="row">${word('outcome', one.outcome)}</th>${[number(one.pairs), number(one.units), number(one.writes), differences(one.change.amounts), moneys(one.amounts), one.withoutPrice > 0 ? number(one.withoutPrice) : ''].map((text) => html`<td class="number">${text || '–'}</td>`)}</tr>`)}</tbody></table>`;
  }

  function tieOut() {
    const detail = of.detail();
    if (!detail) return nothing;
    const went = WENT.filter((name) => detail.products.some((one) => one[name] > 0));
    return html`<table class="units"><caption>${t('month.tieOut')} ${detail.tiesOut ? badge('good', t('history.tiesOut')) : detail.tiesOut === false ? badge('bad', t('history.tiesNotOut')) : nothing}</caption>
      <thead><tr><th scope="col">${t('configure.sophos')}</th>${(/** @type {const} */ (['usage', ...went])).map((name) => html`<th scope="col" class="number"><span>${t(`month.tie.${name}`)}</span></th>`)}</tr></thead>
      <tbody>${detail.products.map((one) => html`<tr><th scope="row">${one.description || one.code || '–'} <span class="code">${one.code}</span></th>${[one.usage, ...went.map((name) => one[name])].map((units) => html`<td class="number">${units === 0 ? '–' : number(units)}</td>`)}</tr>`)}</tbody></table>`;
  }

  return {
    opened: () => { read(); },
    view: () => {
      const about = run();
      if (failed) return problemNotice(failed, { again: () => { readFor = ''; read(); } });
      if (!about) return empty(t('history.noRuns'), t('month.previewHow'));
      if (!found) return html`<div class="bones"><span class="bone"></span><span class="bone"></span></div>`;
      const { lines, groups } = found;
      const billed = lines.filter((line) => line.billed?.change || ['unchanged', 'created', 'updated', 'adopted'].includes(line.outcome));
      const known = new Map(of.detail()?.products.map((one) => [one.code, one.description]));
      const productOf = (/** @type {Line} */ line) => [line.description ?? known.get(line.product ?? ''), line.product].filter(Boolean).join(' · ') || '–';
      const decided = (of.holds() ?? []).filter((hold) => hold.decision);
      const open = (of.holds() ?? []).filter((hold) => !hold.decision);
      const still = of.still() ?? [];
      return html`<article class="report"><div class="row-end no-print"><button type="button" class="main" @click=${() => print()}>${t('month.print')}</button><span class="muted">${t('month.printHint')}</span></div>
        <header><h2>${t('month.reportTitle', { month: monthName(of.month()) })}</h2>
          <dl class="facts"><div><dt>${t('history.run')}</dt><dd>${word('kind', about.kind)}, ${moment(about.openedAt)}</dd></div>
            <div><dt>${t('month.appliedBy')}</dt><dd>${about.kind === 'preview' ? t('month.notApplied') : (about.askedBy ?? t('kind.scheduled'))}</dd></div>
            <div><dt>${t('month.didChange')}</dt><dd>${sumText(about.done)}</dd></div>
            <div><dt>${t('month.tab.decide')}</dt><dd>${t('month.lines', { n: open.length })}</dd></div>
            <div><dt>${word('outcome', 'failed')}</dt><dd>${t('month.lines', { n: about.counts.failed })}</dd></div></dl></header>
        ${table(t('month.byProduct'), t('month.product'), summed(billed, productOf))}
        ${table(t('month.byCustomer'), t('month.customer'), summed(billed, (line) => line.customer))}
        ${table(t('month.byInvoice'), t('month.invoice'), summed(billed, (line) => line.landing ?? '–'))}
        ${decided.length > 0 ? html`<table><caption>${t('month.decisions')}</caption><thead><tr><th scope="col">${t('month.customer')}</th><th scope="col">${t('month.product')}</th><th scope="col">${t('month.decision')}</th><th scope="col" class="number">${t('month.money')}</th><th scope="col">${t('history.who')}</th></tr></thead>
          <tbody>${decided.map((hold) => html`<tr><th scope="row">${hold.customer}</th><td>${hold.products.join(', ')} → ${psaName(hold)}</td><td>${decisionText(hold)}</td>
            <td class="number">${hold.release?.amount ? signedMoney(hold.release.amount, hold.currency) : '–'}</td><td>${hold.decision?.who}, ${moment(hold.decision?.at ?? '')}: ${hold.decision?.why}</td></tr>`)}</tbody></table>` : nothing}
        ${open.length > 0 ? html`<table><caption>${t('month.tab.decide')}</caption><thead><tr><th scope="col">${t('month.customer')}</th><th scope="col">${t('month.product')}</th><th scope="col">${t('month.reason')}</th></tr></thead>
          <tbody>${open.map((hold) => html`<tr><th scope="row">${hold.customer}</th><td>${hold.products.join(', ')} → ${psaName(hold)}</td><td>${word('month.reason', hold.reason)}</td></tr>`)}</tbody></table>` : nothing}
        <section><h3>${t('month.tab.notBilled')}</h3>${groups.length > 0 ? notBilledTables(groups) : html`<p>${t('month.allBilled')}</p>`}</section>
        ${still.length > 0 ? html`<table><caption>${t('month.tab.still')} ${perMonth(still).length > 0 ? t('month.perMonth', { money: moneys(perMonth(still)) }) : nothing}</caption><thead><tr><th scope="col">${t('month.customer')}</th><th scope="col">${t('month.product')}</th><th scope="col" class="number">${t('month.quantity')}</th><th scope="col" class="number">${t('month.eachMonth')}</th><th scope="col">${t('month.reason')}</th></tr></thead>
          <tbody>${still.map((row) => html`<tr><th scope="row">${row.customer ?? row.company ?? row.customerId}</th><td>${row.products.join(', ')}</td><td class="number">${number(row.quantity)}</td><td class="number">${row.amountPerMonth ? money(row.amountPerMonth, row.currency) : '–'}</td><td>${word('month.stillReason', row.reason)}</td></tr>`)}</tbody></table>` : nothing}
        ${totals()}${tieOut()}
        <p class="sign"><span>${t('month.sign')}</span></p></article>`;
    },
  };
}
