// To decide: the lines that wait for a person, grouped, filtered, selected and decided one by one or together.

import { html, nothing } from './vendor/lit-html/lit-html.js';
import { repeat } from './vendor/lit-html/directives/repeat.js';
import { setParams } from './address.js';
import { may } from './api.js';
import { draw, say } from './draw.js';
import { compare, date, number, t, word } from './language.js';
import { chips, empty, loadingRows, searchBox, valueOf } from './parts.js';
import { asDecided, decide, isElsewhere, isWriting, keyOf, send, takes, writable } from './month-decision.js';
import { groupName, holdRows, psaName } from './month-hold.js';
import { readUsage } from './month-why.js';
import { sumOf, sumText } from './sums.js';

/** @typedef {import('../types').HoldRow} Hold */
/** @typedef {import('../types').Verdict} Verdict */
/** @typedef {import('./month.js').Month} Month */
/** @typedef {'reason' | 'customer' | 'product'} Group */

const GROUPS = /** @type {const} */ (['reason', 'customer', 'product']);
const SHOWS = /** @type {const} */ (['open', 'decided', 'all']);
/** With more lines than these the groups open folded. */
const UNFOLDED = 60;
/** The most lines that one filter decides. */
const MOST_MATCHING = 500;

/** The order in which lines are decided: the next ConnectWise invoice first, then the most money.
 * @param {Hold} a @param {Hold} b */
function order(a, b) {
  const weight = (/** @type {Hold} */ hold) => Math.abs(Number(hold.release?.amount ?? 0));
  const units = (/** @type {Hold} */ hold) => (hold.release ? Math.abs(Number(hold.release.units)) : 0);
  return compare(a.invoice ?? '9999', b.invoice ?? '9999') || weight(b) - weight(a) || units(b) - units(a) || compare(a.customer, b.customer) || a.psaProductId - b.psaProductId;
}

/** @param {Month} of @param {Record<string, string>} params */
export function toDecide(of, params) {
  let given = { ...params };
  /** @type {Set<string>} */
  const selected = new Set();
  /** @type {Map<string, boolean>} */
  const folded = new Map();
  /** @type {Set<string>} */
  const unfolded = new Set();
  /** Decided during this visit: they stay where they were.
   * @type {Set<string>} */
  const stays = new Set();
  /** @type {Set<string>} */
  const changing = new Set();
  /** @type {Map<string, Hold>} */
  const before = new Map();
  let anchor = '';
  /** The lines that are seen, from above.
   * @type {string[]} */
  let seen = [];

  const group = () => /** @type {Group} */ (GROUPS.find((one) => one === given.group) ?? 'reason');
  const show = () => SHOWS.find((one) => one === given.show) ?? 'open';
  const id = (/** @type {Hold} */ hold) => (group() === 'customer' ? hold.customerId : group() === 'product' ? String(hold.psaProductId) : hold.inQuestion ? `${hold.reason} ${hold.inQuestion}` : hold.reason);

  /** @param {Hold} hold @param {string} which */
  function isShown(hold, which) {
    if (which === 'all') return true;
    return which === 'decided' ? Boolean(hold.decision) : which === 'open' && (!hold.decision || stays.has(keyOf(hold)));
  }

  /** @param {Hold} hold */
  function matches(hold) {
    if (given.reason && hold.reason !== given.reason) return false;
    if (given.invoice && hold.invoice !== given.invoice) return false;
    const words = [hold.customer, hold.agreement, ...hold.products, ...(hold.descriptions ?? []), psaName(hold), hold.psaProduct?.description, hold.what].join('\n').toLowerCase();
    return (given.text ?? '').toLowerCase().split(/\s+/).every((part) => words.includes(part));
  }

  const holds = () => of.holds() ?? [];
  const matching = () => holds().filter((hold) => isShown(hold, show()) && matches(hold)).sort(order);
  const undecided = (/** @type {Hold[]} */ list) => list.filter((hold) => !hold.decision);
  /** Lines that can be selected: among those that are decided, to decide them anew. */
  const decidable = (/** @type {Hold[]} */ list) => (show() === 'decided' ? list : undecided(list));

  /** @param {Record<string, string | undefined>} more */
  function set(more) {
    given = { ...given, .../** @type {Record<string, string>} */ (more) };
    setParams(more);
    draw();
  }

  /** @param {string} to */
  const focus = (to) => setTimeout(() => document.getElementById(to)?.focus());

  /** The filter that matches just these lines, where some of them are not shown: they are decided by it in one request.
   * @param {Hold[]} list
   * @returns {import('../types').HoldsMatching | undefined} */
  function matchingOf(list) {
    const [first] = list;
    if (!first || list.length > MOST_MATCHING || list.every((hold) => seen.includes(keyOf(hold)))) return undefined;
    const { month, reason, customerId: customer, psaProductId, inQuestion } = first;
    const undecided = holds().filter((hold) => !hold.decision);
    const same = (/** @type {(hold: Hold) => boolean} */ matches) => list.every((hold) => !hold.decision && matches(hold)) && undecided.filter(matches).length === list.length;
    if (same((hold) => hold.reason === reason)) return { month, reason };
    if (inQuestion && same((hold) => hold.reason === reason && hold.products.includes(inQuestion))) return { month, reason, product: inQuestion };
    if (same((hold) => hold.customerId === customer)) return { month, customer };
    if (same((hold) => hold.psaProductId === psaProductId)) return { month, psaProductId };
    return same(() => true) ? { month } : undefined;
  }

  /** Decides lines, and shows what was decided where they are; what has moved meanwhile is shown beside what was seen.
   * @param {Hold[]} list @param {Verdict} verdict @param {{ asks?: boolean, moves?: boolean }} [how] */
  async function act(list, verdict, { asks = true, moves = false } = {}) {
    /** @type {import('./month-decision.js').Decided | undefined} */
    let decided;
    try {
      decided = asks ? await (verdict === 'useQuantity' ? (await import('./month-quantity.js')).decideQuantity(list) : decide(list, verdict, moves, moves ? undefined : matchingOf(list))) : await send(list, verdict);
    } catch (error) {
      of.fail(error);
      return;
    }
    if (!decided) return;
    of.replace(decided.rows);
    for (const key of decided.rows.map(keyOf)) {
      for (const set of [selected, changing]) set.delete(key);
      before.delete(key);
      stays.add(key);
    }
    if (decided.moved.length > 0) await compareMoved(decided.moved);
    const first = decided.rows[0] ?? decided.moved[0];
    if (decided.rows.length > 0) say(verdict === 'takeBack' ? t('month.takenBack') : t('month.decidedNow', { n: decided.rows.length }));
    draw();
    if (first) focus(list.length > 1 ? 'decided-sum' : verdict === 'takeBack' ? (writable(first) ? `write-${keyOf(first)}` : `keep-${keyOf(first)}`) : `change-${keyOf(first)}`);
  }

  /** @param {Hold[]} lines that were refused because one of them had moved */
  async function compareMoved(lines) {
    await of.read();
    const now = new Map(holds().map((hold) => [keyOf(hold), hold]));
    let gone = 0;
    for (const line of lines) {
      const present = now.get(keyOf(line));
      if (!present) {
        gone += 1;
        selected.delete(keyOf(line));
      } else if (present.version !== line.version) {
        before.set(keyOf(line), line);
        stays.add(keyOf(line));
        selected.delete(keyOf(line));
      }
    }
    of.tell('warn', t('month.movedTold', { n: before.size + gone }));
  }

  /** @param {string} key @param {boolean} on @param {boolean} extend */
  function select(key, on, extend) {
    const [from, to] = [seen.indexOf(anchor), seen.indexOf(key)].sort((a, b) => a - b);
    const range = extend && from >= 0 ? seen.slice(from, to + 1) : [key];
    for (const one of range) if (on) selected.add(one); else selected.delete(one);
    anchor = key;
    draw();
  }

  /** The keys of bulk work: arrows go from line to line, with shift they select, ctrl+a selects all.
   * @param {KeyboardEvent} event */
  function keys(event) {
    const key = /** @type {HTMLElement} */ (event.target).dataset?.pick;
    if (!key) return;
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step !== 0) {
      event.preventDefault();
      const next = seen[seen.indexOf(key) + step];
      if (!next) return;
      if (event.shiftKey) for (const one of [key, next]) selected.add(one);
      anchor = next;
      draw();
      document.querySelector(`[data-pick="${next}"]`)?.scrollIntoView({ block: 'nearest' });
      /** @type {HTMLElement | null} */ (document.querySelector(`[data-pick="${next}"]`))?.focus();
    } else if (event.key === 'a' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      for (const hold of decidable(matching())) selected.add(keyOf(hold));
      draw();
    } else if (event.key === 'Enter') unfold(key);
  }

  /** @param {string} key */
  function unfold(key) {
    const hold = holds().find((one) => keyOf(one) === key);
    if (!hold) return;
    if (unfolded.has(key)) unfolded.delete(key);
    else {
      unfolded.add(key);
      readUsage(hold);
    }
    draw();
  }

  /** @param {Hold} hold */
  const line = (hold) => holdRows(hold, {
    selectable: decidable([hold]).length > 0,
    selected: selected.has(keyOf(hold)),
    unfolded: unfolded.has(keyOf(hold)),
    changing: changing.has(keyOf(hold)),
    before: before.get(keyOf(hold)),
    select: (on, event) => select(keyOf(hold), on, event?.shiftKey ?? false),
    unfold: () => unfold(keyOf(hold)),
    write: () => act([hold], 'release', { asks: !hold.release || isElsewhere(hold) }),
    move: () => act([hold], 'release', { moves: true }),
    keep: () => act([hold], 'reject'),
    other: () => act([hold], 'useQuantity'),
    takeBack: () => act([hold], 'takeBack', { asks: false }),
    change: () => {
      changing.add(keyOf(hold));
      draw();
      focus(isElsewhere(hold) && writable(hold) ? `move-${keyOf(hold)}` : writable(hold) ? `write-${keyOf(hold)}` : `keep-${keyOf(hold)}`);
    },
    preview: () => of.preview([hold.customerId]),
  });

  /** @param {Hold[]} list @param {string} [what] */
  function bulk(list, what) {
    const elsewhere = list.every(isElsewhere);
    const button = (/** @type {string} */ text, /** @type {() => void} */ go, main = false) => html`<button type="button" class=${main ? 'do' : ''} aria-label=${what ? `${text}: ${what}` : nothing} @click=${go}>${text}</button>`;
    return html`${elsewhere ? button(t('month.moveHereAs'), () => act(list, 'release', { moves: true }), true) : nothing}
      ${list.some(writable) ? button(elsewhere ? t('month.billBoth') : t('month.writeUsage'), () => act(list, 'release'), !elsewhere) : nothing}
      ${button(elsewhere ? t('month.notHere') : t('month.keepPsa'), () => act(list, 'reject'))}
      ${list.some((hold) => takes(hold)) ? button(t('month.useQuantity'), () => act(list, 'useQuantity')) : nothing}`;
  }

  /** @param {string} key @param {Hold[]} list @param {boolean} open */
  function section(key, list, open) {
    const sum = sumOf(list);
    const name = groupName(group(), /** @type {Hold} */ (list[0]));
    const free = decidable(list);
    const all = free.length > 0 && free.every((hold) => selected.has(keyOf(hold)));
    return html`<tbody data-group=${key}><tr class="group">
      <td class="pick">${may('psa/write') && free.length > 0 ? html`<input type="checkbox" aria-label=${t('month.selectGroup', { name })} .checked=${all} .indeterminate=${!all && free.some((hold) => selected.has(keyOf(hold)))} @change=${() => {
        for (const hold of free) if (all) selected.delete(keyOf(hold)); else selected.add(keyOf(hold));
        draw();
      }}>` : nothing}</td>
      <th colspan="2" scope="rowgroup"><button type="button" class="fold" aria-expanded=${open ? 'true' : 'false'} @click=${() => { folded.set(key, open); draw(); }}><span aria-hidden="true">${open ? '▾' : '▸'}</span> ${name} <span class="count">${number(list.length)}</span></button></th>
      <td class="group-sum number" colspan="2">${sum.lines > 0 ? sumText(sum) : list.some(writable) ? nothing : html`<span class="muted">${t('month.putRight')}</span>`}</td>
      <td class="decide" colspan="2">${may('psa/write') && free.length > (open ? 1 : 0) ? html`<div class="row-end">${bulk(free, name)}</div>` : nothing}</td></tr>
      ${open ? repeat(list, keyOf, line) : nothing}</tbody>`;
  }

  /** @param {Hold[]} list @param {string} label */
  function table(list, label) {
    /** @type {Map<string, Hold[]>} */
    const groups = new Map();
    for (const hold of list) groups.set(id(hold), [...(groups.get(id(hold)) ?? []), hold]);
    const isOpen = (/** @type {string} */ key) => !(folded.get(key) ?? list.length > UNFOLDED);
    const entries = [...groups];
    const visible = entries.filter(([key]) => isOpen(key)).flatMap(([, lines]) => lines);
    const free = decidable(visible);
    seen = free.map(keyOf);
    const all = free.length > 0 && free.every((hold) => selected.has(keyOf(hold)));
    return html`<div class="table-box" role="region" aria-label=${label} tabindex="0" @keydown=${keys}><table class="cards month">
      <thead><tr><td class="pick">${may('psa/write') ? html`<input type="checkbox" id="select-shown" aria-label=${t('month.selectShown')} title=${t('month.selectShown')} .checked=${all} ?disabled=${free.length === 0} @change=${() => {
        for (const hold of free) if (all) selected.delete(keyOf(hold)); else selected.add(keyOf(hold));
        draw();
      }}>` : nothing}</td><th scope="col">${t('month.customer')}</th><th scope="col">${t('month.product')}</th><th scope="col" class="number">${t('month.billed')}</th>
        <th scope="col" class="number">${t('month.money')}</th><th scope="col">${t('month.reason')}</th><th scope="col">${t('month.decision')}</th></tr></thead>
      ${of.holds() ? repeat(entries, ([key]) => key, ([key, lines]) => section(key, lines, isOpen(key))) : html`<tbody>${loadingRows(7)}</tbody>`}</table></div>`;
  }

  /** @param {string} name @param {string} label @param {{ value: string, text: string }[]} choices @param {string} value */
  const pick = (name, label, choices, value) => html`<label class="pick-one"><span class=${choices[0]?.value === '' ? 'unseen' : ''}>${label}</span>
    <select id="pick-${name}" @change=${(/** @type {Event} */ event) => set({ [name]: valueOf(event) || undefined })}>${choices.map((choice) => html`<option value=${choice.value} ?selected=${choice.value === value}>${choice.text}</option>`)}</select></label>`;

  /** @param {Hold[]} list */
  function tools(list) {
    const all = holds();
    const reasons = [...new Set(all.map((hold) => hold.reason))].map((value) => ({ value, text: word('month.reason', value) })).sort((a, b) => compare(a.text, b.text));
    const invoices = [...new Set(all.flatMap((hold) => hold.invoice ?? []))].sort().map((value) => ({ value, text: date(value) }));
    const free = decidable(list);
    const chosen = free.filter((hold) => selected.has(keyOf(hold)));
    return html`<div class="tools">${searchBox(t('month.search'), given.text ?? '', (text) => set({ text: text || undefined }))}
      ${chips(t('filter.label'), SHOWS.map((value) => ({ value, text: t(`month.show.${value}`), count: of.holds() ? all.filter((hold) => isShown(hold, value) && (value !== 'open' || !hold.decision)).length : undefined })), show(), (value) => {
        stays.clear();
        set({ show: value === 'open' ? undefined : value });
      })}
      ${pick('group', t('month.groupBy'), GROUPS.map((value) => ({ value, text: t(`month.group.${value}`) })), group())}
      ${reasons.length > 1 ? pick('reason', t('month.reason'), [{ value: '', text: `${t('month.reason')}: ${t('filter.all')}` }, ...reasons], given.reason ?? '') : nothing}
      ${invoices.length > 0 ? pick('invoice', t('month.invoice'), [{ value: '', text: `${t('month.invoice')}: ${t('filter.all')}` }, ...invoices], given.invoice ?? '') : nothing}</div>
      ${may('psa/write') && free.length > 0 ? html`<div class="bulk">
        <span role="status">${chosen.length > 0 ? html`<b>${t('month.selected', { n: chosen.length })}</b>${chosen.some((hold) => hold.release) ? ` · ${sumText(sumOf(chosen))}` : ''}` : html`<span class="muted">${t('month.keys')}</span>`}</span>
        <span class="row-end">${chosen.length < free.length ? html`<button type="button" class="quiet" id="select-all" @click=${() => { for (const hold of free) selected.add(keyOf(hold)); draw(); }}>${t('month.selectAll', { n: free.length })}</button>` : nothing}
        ${chosen.length > 0 ? html`<button type="button" class="quiet" @click=${() => { selected.clear(); draw(); }}>${t('month.selectNone')}</button>${bulk(chosen)}` : nothing}</span></div>` : nothing}`;
  }

  /** What is decided and not written yet. */
  function decidedSum() {
    const decided = holds().filter((hold) => hold.decision);
    const writing = decided.filter(isWriting).map(asDecided);
    if (decided.length === 0) return nothing;
    return html`<div class="bulk done" id="decided-sum" tabindex="-1"><span><b>${t('month.decidedCount', { n: decided.length })}</b> ${writing.length > 0 ? t('month.writtenNext', { n: writing.length }) : t('month.nothingWritten')}
      ${writing.some((hold) => hold.release) ? html`<span class="muted">(${sumText(sumOf(writing))})</span>` : nothing}</span>
      ${may('psa/write') && writing.length > 0 ? html`<button type="button" id="write-now" @click=${() => of.writeDecided(writing.length)}>${t('month.writeNow')}</button>` : nothing}</div>`;
  }

  /** @type {(() => unknown) | undefined} */
  let others;
  /** Other quantities in effect; read when somebody looks at them, and anew each time.
   * @param {Event} event */
  async function showOthers(event) {
    others = /** @type {HTMLDetailsElement} */ (event.target).open ? (await import('./month-overrides.js')).overrides(of) : undefined;
    draw();
  }

  return {
    view: () => {
      const list = matching();
      const none = of.holds() && list.length === 0;
      return html`${decidedSum()}${tools(list)}${none ? (holds().some((hold) => isShown(hold, show())) ? empty(t('filter.none'), html`<button type="button" @click=${() => set({ text: undefined, reason: undefined, invoice: undefined })}>${t('filter.clear')}</button>`)
        : empty(t('month.nothing'), t('month.nothingHow'))) : table(list, t('month.tab.decide'))}
        <details id="overrides" @toggle=${showOthers}><summary>${t('month.overrides')}</summary>${others?.() ?? nothing}</details>`;
    },
    /** Late: the lines whose ConnectWise invoice was made without them. */
    late: () => {
      const list = holds().filter((hold) => hold.due === 'missed').sort(order);
      return list.length === 0 ? empty(t('month.noLate'), t('month.lateHow')) : html`<p>${t('month.lateHow')}</p>${table(list, t('month.tab.late'))}`;
    },
    /** @param {Record<string, string>} next */
    update: (next) => { given = { ...next }; },
    /** The sum of what is open, for the sentence above. */
    open: () => undecided(holds()),
  };
}
