// The dialog that decides lines: what it comes to, the reading or the reason where one is asked for; and the sending.

import { html, nothing } from './vendor/lit-html/lit-html.js';
import { all, call, newKey, Refused } from './api.js';
import { foot, openDialog } from './dialog.js';
import { draw } from './draw.js';
import { date, dayOf, number, t, word } from './language.js';
import { field, notice, problemNotice, radios, valueOf, workButton } from './parts.js';
import { landingText, releaseOf, sumOf, sumText } from './sums.js';

/** @typedef {import('../types').HoldRow} Hold */
/** @typedef {import('../types').Verdict} Verdict */
/** @typedef {import('../types').ReadingName} Reading */
/** What came of a decision: the lines as they are now, and those that had moved, of which nothing is decided.
 * @typedef {{ rows: Hold[], moved: Hold[] }} Decided */

/** What a decision says besides its verdict: why it is otherwise than the usage says, and what is billed instead.
 * @typedef {{ reason?: import('../types').ReasonName, why?: string, quantity?: import('../types').QuantityNamed, until?: string }} Said */

export const REASONS = /** @type {const} */ (['customerAgreed', 'sophosIsWrong', 'oneOff', 'other']);
const A_REQUEST = 100;

/** Keys of requests whose answer is not known: sent again, they take effect once.
 * @type {Map<string, string>} */
const keys = new Map();

/** Sends a request that takes effect once, however often it is sent until its answer arrives.
 * @template T
 * @param {object} about
 * @param {(key: string) => Promise<T>} send */
export async function once(about, send) {
  const text = JSON.stringify(about);
  const key = keys.get(text) ?? newKey();
  keys.set(text, key);
  try {
    const answer = await send(key);
    keys.delete(text);
    return answer;
  } catch (error) {
    if (!(error instanceof Refused) || error.problem.code !== 'offline') keys.delete(text);
    throw error;
  }
}

/** What identifies a line that waits.
 * @param {Hold} hold */
export const keyOf = (hold) => `${hold.month}-${hold.customerId}-${hold.psaProductId}`;

/** Whether a release of the line is possible, if only by a reading.
 * @param {Hold} hold */
export const writable = (hold) => Boolean(hold.release) || (hold.readings ?? []).length > 0;

/** Whether the quantity that ConnectWise bills is known: not where there are several additions, or none that fits.
 * @param {Hold} hold */
export const known = (hold) => Boolean(hold.additionId) || (releaseOf(hold) ?? hold.readings?.[0]?.release)?.does === 'create';

/** Whether another line bills the product already: it moves here, is billed twice on purpose, or not here.
 * @param {Hold} hold */
export const isElsewhere = (hold) => hold.reason === 'billedElsewhere';

/** Lines that another line bills or has billed are never written among others of another reason.
 * @param {Hold[]} holds
 * @returns {(hold: Hold) => boolean} */
const goesWith = (holds) => (hold) => !['billedElsewhere', 'endedInMonth'].includes(hold.reason) || holds.every((one) => one.reason === hold.reason);

/** The last day of a usage month.
 * @param {string} month as 2026-11 */
export const lastDay = (month) => new Date(Date.UTC(Number(month.slice(0, 4)), Number(month.slice(5, 7)), 0)).toISOString().slice(0, 10);

/** @param {Hold} hold */
export const keepText = (hold) => (isElsewhere(hold) ? t('month.notHere') : hold.byHand ? t('month.doneByHand') : known(hold) ? t('month.keep', { quantity: number(hold.quantity) }) : t('month.keepPsa'));

/** @param {Hold} hold @param {string} [reading] @param {string | null} [moveOn] */
export function writeText(hold, reading, moveOn) {
  const change = releaseOf(hold, reading);
  if (isElsewhere(hold)) return moveOn ? t('month.moveOn', { day: dayOf(moveOn) }) : t('month.billBoth');
  if (hold.reason === 'endedInMonth' && change?.date) return t('month.writeFrom', { quantity: number(change.to), day: dayOf(change.date) });
  return change ? t('month.write', { quantity: number(change.to) }) : t('month.writeAs');
}

/** Whether the line can be decided by this rule.
 * @param {Hold} hold @param {string} [rule] any rule where none is named */
export const takes = (hold, rule) => hold.takesQuantity === 'any' || (hold.takesQuantity === 'fixedOnly' && (rule ?? 'fixed') === 'fixed');

/** The rule of a decided quantity in short: "minimum", "plus 3".
 * @param {import('../types').QuantityNamed} quantity */
export const ruleText = (quantity) => t(`month.ruleShort.${quantity.rule}`, { value: number(quantity.value) });

/** What was decided about a line.
 * @param {Hold} hold */
export function decisionText(hold) {
  const { decision } = hold;
  if (decision?.quantity) return t('month.writeRule', { quantity: number(decision.billed ?? 0), rule: ruleText(decision.quantity) });
  return decision?.verdict === 'release' ? writeText(hold, decision.reading ?? undefined, decision.moveOn) : keepText(hold);
}

/** Whether the next sync writes what was decided.
 * @param {Hold} hold */
export const isWriting = (hold) => hold.decision?.verdict === 'release' || hold.decision?.verdict === 'useQuantity';

/** The line with what was decided in place of what a release would do.
 * @param {Hold} hold
 * @returns {Hold} */
export const asDecided = (hold) => (hold.decision?.verdict === 'useQuantity' ? { ...hold, release: hold.decision.change } : hold);

/** Sends the decision; a request takes a hundred lines.
 * @param {Hold[]} holds @param {Verdict} verdict @param {Said} [said] @param {Reading} [reading] @param {string} [moveOn]
 * @returns {Promise<Decided>} */
export async function send(holds, verdict, said = {}, reading, moveOn) {
  /** @type {Decided} */
  const decided = { rows: [], moved: [] };
  for (let from = 0; from < holds.length; from += A_REQUEST) {
    const chunk = holds.slice(from, from + A_REQUEST);
    const decisions = chunk.map((hold) => ({
      month: hold.month, customerId: hold.customerId, psaProductId: hold.psaProductId, version: hold.version, verdict, ...said,
      reading: verdict === 'release' && !hold.release ? reading : undefined, moveOn,
    }));
    try {
      const answer = await once({ decisions }, (key) => call('post', '/v1/sync/holds/decisions', { body: { decisions }, key }));
      const moved = new Set(answer.moved ?? []);
      decided.rows.push(.../** @type {Hold[]} */ (answer.holds).filter((_, place) => !moved.has(place)));
      decided.moved.push(...chunk.filter((_, place) => moved.has(place)));
    } catch (error) {
      if (!(error instanceof Refused) || error.problem.status !== 412) throw error;
      decided.moved.push(...chunk);
    }
  }
  return decided;
}

/** What a filter's decision comes to, looked at without deciding.
 * @param {import('../types').HoldsMatching} matching @param {Verdict} verdict @param {Reading} [reading] */
const look = (matching, verdict, reading) => call('post', '/v1/sync/holds/decisions/matching', { body: { matching, verdict, reading, validateOnly: true }, key: newKey() });

/** Decides all that match in one request, as it was looked at.
 * @param {Hold[]} holds @param {import('../types').HoldsMatching} matching @param {string} version @param {Verdict} verdict @param {Said} said @param {Reading} [reading]
 * @returns {Promise<Decided>} */
async function sendMatching(holds, matching, version, verdict, said, reading) {
  const body = { matching, verdict, ...said, reading, version };
  try {
    const answer = await once(body, (key) => call('post', '/v1/sync/holds/decisions/matching', { body, key }));
    const moved = new Set(answer.moved.map((one) => `${one.customerId} ${one.psaProductId}`));
    const rows = await all('/v1/sync/holds', /** @type {any} */ ({ ...matching, decided: true, pageSize: 500 }));
    const asked = new Set(holds.map(keyOf));
    return { rows: rows.filter((hold) => asked.has(keyOf(hold))), moved: holds.filter((hold) => moved.has(`${hold.customerId} ${hold.psaProductId}`)) };
  } catch (error) {
    if (!(error instanceof Refused) || error.problem.status !== 412) throw error;
    return { rows: [], moved: holds };
  }
}

/** The readings that all of these lines offer.
 * @param {Hold[]} holds */
function readingsOf(holds) {
  const doubtful = holds.filter((hold) => !hold.release && hold.readings);
  const offered = doubtful.map((hold) => (hold.readings ?? []).map((offer) => offer.reading));
  return (offered[0] ?? []).filter((reading) => offered.every((readings) => readings.includes(reading)));
}

/** Asks what has to be asked, shows what it comes to, and decides the lines.
 * @param {Hold[]} asked @param {Verdict} verdict @param {boolean} [moves] whether what is billed elsewhere moves here
 * @param {import('../types').HoldsMatching} [matching] the filter that these lines are all of
 * @returns {Promise<Decided | undefined>} */
export function decide(asked, verdict, moves = false, matching) {
  const writes = verdict === 'release';
  const readings = readingsOf(writes ? asked : []);
  const doubtful = (/** @type {Hold} */ hold) => !hold.release;
  // Lines in doubt that have no reading in common are decided one by one.
  const holds = writes ? asked.filter((hold) => writable(hold) && goesWith(asked)(hold) && (!doubtful(hold) || readings.length > 0)) : asked;
  const single = holds.length === 1 ? holds[0] : undefined;
  const elsewhere = holds.length > 0 && holds.every(isElsewhere);
  const latest = moves && holds[0] ? lastDay(holds[0].month) : '';
  let moveOn = latest;
  /** @type {Reading | undefined} */
  let reading;
  /** @type {import('../types').ReasonName | undefined} */
  let reason;
  let note = '';
  let busy = false;
  let tried = false;
  /** @type {unknown} */
  let failed;
  /** @type {import('../types').MatchingDecided | undefined} */
  let looked;

  /** What matches is looked at before it is decided, and anew with another reading. */
  async function lookAgain() {
    if (!matching || (readings.length > 0 && !reading)) return;
    const by = reading;
    looked = undefined;
    try {
      const answer = await look(matching, verdict, by);
      if (by !== reading) return;
      // More or fewer than are seen: each line is decided by itself, and those that moved are shown.
      if (answer.matching === asked.length) looked = answer;
      else matching = undefined;
    } catch (error) {
      failed = error;
    }
    draw();
  }

  // What is billed elsewhere, or by hand, is not kept for a reason.
  const asksWhy = !writes && !elsewhere && !holds.every((hold) => hold.byHand);
  const moveFits = () => moveOn !== '' && moveOn <= latest;

  /** @param {(result?: Decided) => void} close */
  async function act(close) {
    tried = true;
    draw();
    if ((asksWhy && !reason) || (readings.length > 0 && !reading) || (moves && !moveFits())) return;
    const said = { reason, why: note.trim() || undefined };
    [busy, failed] = [true, undefined];
    draw();
    try {
      close(matching && looked ? await sendMatching(holds, matching, looked.version, verdict, said, reading) : await send(holds, verdict, said, reading, moveOn || undefined));
    } catch (error) {
      [busy, failed] = [false, error];
      draw();
    }
  }

  // What is asked first, or the button where nothing is: a keyboard needs no way there. To bill twice takes one more step.
  if (!elsewhere || !writes || moves) setTimeout(() => /** @type {HTMLElement | null} */ (document.querySelector('dialog input[type=radio]') ?? document.getElementById('decide-do'))?.focus());

  lookAgain();

  const button = () => (single ? (writes ? writeText(single, reading, moveOn) : keepText(single))
    : elsewhere ? `${moves ? t('month.moveHere') : writes ? t('month.billBoth') : t('month.notHere')}: ${t('month.lines', { n: holds.length })}`
    : writes ? t('month.writeMany', { n: holds.length }) : t('month.keepMany', { n: holds.length }));

  return openDialog({
    title: () => (single ? `${moves ? t('month.moveHere') : button()}: ${single.customer}` : button()),
    wide: holds.length > 1,
    mayLeave: () => !busy,
    view: (close) => {
      const own = sumOf(holds, reading);
      const sum = looked ? { ...looked.change, lines: own.lines, priced: own.lines - looked.change.withoutPrice } : own;
      const left = looked ? looked.left : asked.length - holds.length;
      return html`<form @submit=${(/** @type {Event} */ event) => event.preventDefault()}><div class="body">
        ${failed ? problemNotice(failed) : nothing}
        <p class="total">${sum.lines > 0 ? html`<b>${sumText(sum)}</b> ${writes ? t('month.nextRun') : t('month.notWritten')}` : writes ? nothing : t('month.kept')}</p>
        ${single?.landing && writes ? html`<p class="muted">${landingText(single)}</p>` : nothing}
        ${elsewhere ? html`${single ? html`<p>${single.what}</p>` : nothing}${moves ? nothing : writes ? notice('warn', html`<p>${t('month.billBothText')}</p>`) : html`<p>${t('month.notHereText')}</p>`}` : nothing}
        ${moves ? field({
          id: 'move-on', label: t('month.moveDay'), hint: t('month.moveDayHint'), error: tried && !moveFits() ? t('month.moveDayFirst', { day: date(latest) }) : undefined,
          control: html`<input id="move-on" type="date" data-first required max=${latest} .value=${moveOn} @input=${(/** @type {Event} */ e) => { moveOn = valueOf(e); draw(); }}>`,
        }) : nothing}
        ${sum.lines > sum.priced ? html`<p class="muted">${t('month.withoutPrice', { n: sum.lines - sum.priced })}</p>` : nothing}
        ${writes && left > 0 ? notice('warn', html`<p>${t('month.leftOut', { n: left })}</p>`) : nothing}
        ${readings.length > 0 ? html`${radios({
          name: 'reading', legend: t('month.readAs'), chosen: reading, error: tried && !reading ? t('month.readFirst') : undefined,
          choices: readings.map((one) => ({ value: one, text: single ? `${word('reading', one)}: ${writeText(single, one)}` : word('reading', one) })),
          choose: (value) => { reading = /** @type {Reading} */ (value); lookAgain(); draw(); },
        })}<p class="hint">${t('month.readRemembered')}</p>` : nothing}
        ${asksWhy ? radios({
          name: 'reason', legend: t('month.whyKeep'), chosen: reason, error: tried && !reason ? t('month.whyFirst') : undefined,
          choices: REASONS.map((one) => ({ value: one, text: t(`month.because.${one}`) })),
          choose: (value) => { reason = /** @type {import('../types').ReasonName} */ (value); draw(); },
        }) : nothing}
        ${field({ id: 'decision-note', label: t('month.note'), control: html`<input id="decision-note" type="text" maxlength="400" .value=${note} @input=${(/** @type {Event} */ e) => { note = valueOf(e); }}>` })}
        ${single ? nothing : html`<details><summary>${t('month.whichLines', { n: holds.length })}</summary><ul class="plain">${holds.map((hold) => {
          const change = releaseOf(hold, reading);
          return html`<li>${hold.customer} · ${hold.products.join(', ')}${change ? html` · <span class="number">${number(change.from)} → ${number(change.to)}</span>` : nothing}</li>`;
        })}</ul></details>`}
      </div>${foot(holds.length > 0 ? workButton({ text: button(), busy, act: () => act(close), main: true, type: 'submit', id: 'decide-do', disabled: matching !== undefined && !looked && (readings.length === 0 || reading !== undefined) }) : nothing, () => close())}</form>`;
    },
  });
}
