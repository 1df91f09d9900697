// Settings: both connections and their tests, whether runs write, how the partner syncs, alerts, and the page's language.

import { html, nothing } from './vendor/lit-html/lit-html.js';
import { call, callWithTag, may, newKey } from './api.js';
import { ask, foot, openDialog } from './dialog.js';
import { draw, say } from './draw.js';
import { moment, t, word } from './language.js';
import { badge, field, notice, problemNotice, toggle, valueOf, workButton } from './parts.js';
import { settingsForm } from './sync-settings.js';

/** @typedef {import('../types').ConnectionsRow} Connections */
/** @typedef {import('../types').TestReport} Report */
/** @typedef {import('../types').AlertSettingsShown} Alerts */
/** @typedef {import('../types').AlertRow} Alert */
/** @typedef {import('./language.js').Key} Key */
/** @typedef {'connectwise' | 'sophos'} Service */

/** @type {Record<Service, { name: string, secret: boolean, hint?: Key }[]>} */
const FIELDS = {
  connectwise: [
    { name: 'site', secret: false, hint: 'connection.siteHint' },
    { name: 'company', secret: false },
    { name: 'publicKey', secret: false },
    { name: 'privateKey', secret: true },
    { name: 'clientId', secret: false, hint: 'connection.clientIdHint' },
  ],
  sophos: [{ name: 'clientId', secret: false }, { name: 'clientSecret', secret: true }],
};

/** @returns {import('./app.js').Screen} */
export function open() {
  /** @type {Connections | undefined} */
  let connections;
  /** @type {Partial<Record<Service, Report>>} */
  const reports = {};
  /** @type {Service | undefined} */
  let testing;
  /** @type {{ writes: boolean, tag: string } | undefined} */
  let writes;
  /** @type {Alerts | undefined} */
  let alerts;
  let alertsTag = '';
  /** @type {Alerts['settings'] | undefined} */
  let choices;
  /** @type {Alert[] | undefined} */
  let sent;
  let secret = '';
  let url = '';
  let busy = '';
  /** What went wrong, by the place that it belongs to.
   * @type {Record<string, unknown>} */
  let failed = {};
  const sync = settingsForm(['frequency', 'timeZone', 'guards', 'readings']);

  /** Does something and shows what went wrong in its place.
   * @param {string} place @param {() => Promise<void>} act */
  async function attempt(place, act) {
    [busy, failed] = [place, { ...failed, [place]: undefined }];
    draw();
    try {
      await act();
    } catch (error) {
      failed[place] = error;
    }
    busy = '';
    draw();
  }

  const readConnections = () => attempt('connections', async () => { connections = await call('get', '/v1/connections'); });
  const readWrites = () => attempt('writes', async () => {
    const found = await callWithTag('get', '/v1/connections/writes');
    writes = { writes: found.body.writes, tag: found.tag };
  });
  const readAlerts = () => attempt('alerts', async () => {
    ({ body: alerts, tag: alertsTag } = await callWithTag('get', '/v1/alerts/settings'));
    choices = structuredClone(alerts.settings);
    sent = (await call('get', '/v1/alerts', { query: { pageSize: 5 } })).items;
  });
  const read = () => { readConnections(); readWrites(); readAlerts(); };
  read();

  /** @param {Service} service */
  async function test(service) {
    testing = service;
    delete reports[service];
    await attempt(service, async () => {
      reports[service] = await call('post', service === 'connectwise' ? '/v1/connections/connectwise/test' : '/v1/connections/sophos/test', { body: {} });
    });
    testing = undefined;
    readConnections();
  }

  /** @param {Service} service */
  async function edit(service) {
    const saved = await editConnection(service, connections?.[service] ?? undefined);
    if (!saved) return;
    reports[service] = saved;
    await readConnections();
    readWrites();
  }

  /** @param {Service} service */
  async function remove(service) {
    const name = t(`connection.${service}`);
    const sure = await ask({ title: t('connection.removeTitle', { name }), text: html`<p>${t('connection.removeText')}</p>`, yes: t('connection.remove'), danger: true });
    if (!sure) return;
    await attempt(service, async () => {
      const version = `"${connections?.[service]?.version}"`;
      await call('delete', service === 'connectwise' ? '/v1/connections/connectwise' : '/v1/connections/sophos', { version });
    });
    delete reports[service];
    readConnections();
    readWrites();
  }

  async function switchWrites() {
    if (!writes) return;
    const to = !writes.writes;
    const sure = await ask({ title: to ? t('writes.onTitle') : t('writes.offTitle'), text: html`<p>${to ? t('writes.onText') : t('writes.offText')}</p>`, yes: to ? t('writes.onYes') : t('writes.offYes') });
    if (!sure) return;
    await attempt('writes', async () => {
      const stored = await callWithTag('put', '/v1/connections/writes', { body: { writes: to }, version: writes?.tag });
      writes = { writes: stored.body.writes, tag: stored.tag };
      say(to ? t('writes.isOn') : t('writes.isOff'));
    });
  }

  const saveAlerts = () => attempt('alerts', async () => {
    ({ body: alerts, tag: alertsTag } = await callWithTag('put', '/v1/alerts/settings', { body: choices, version: alertsTag }));
    choices = structuredClone(alerts.settings);
    say(t('settings.saved'));
  });

  const saveWebhook = () => attempt('webhook', async () => {
    const stored = await callWithTag('put', '/v1/alerts/webhook', { body: { url: url.trim() }, version: '*' });
    [secret, url] = [stored.body.secret, ''];
    await readAlerts();
  });

  const removeWebhook = () => attempt('webhook', async () => {
    await call('delete', '/v1/alerts/webhook', { version: '*' });
    secret = '';
    await readAlerts();
  });

  const testAlerts = () => attempt('alertTest', async () => {
    await call('post', '/v1/alerts/test', { body: {}, key: newKey() });
    sent = (await call('get', '/v1/alerts', { query: { pageSize: 5 } })).items;
  });

  /** @param {Service} service */
  function connection(service) {
    const saved = connections?.[service];
    const report = reports[service];
    const admin = may('psa/admin');
    return html`<section class="panel" aria-labelledby="head-${service}"><h2 id="head-${service}">${t(`connection.${service}`)}</h2>
      ${!connections ? html`<div class="bones"><span class="bone"></span><span class="bone"></span></div>` : saved ? html`
        <p>${saved.lastTest.works ? badge('good', t('connection.works')) : badge('bad', t('connection.fails'))} <span class="muted">${t('connection.tested', { at: moment(saved.lastTest.at) })}</span></p>
        <dl class="facts">${'site' in saved ? html`<div><dt>${t('connection.site')}</dt><dd>${saved.site}</dd></div><div><dt>${t('connection.company')}</dt><dd>${saved.company}</dd></div>
          <div><dt>${t('connection.publicKey')}</dt><dd>…${saved.publicKeyEnd}</dd></div>` : nothing}
          <div><dt>${t('connection.clientId')}</dt><dd>…${saved.clientIdEnd}</dd></div><div><dt>${t('connection.saved')}</dt><dd>${saved.savedBy}, ${moment(saved.savedAt)}</dd></div></dl>`
        : html`<p>${t(service === 'connectwise' ? 'connection.noConnectwise' : 'connection.noSophos')}</p>`}
      ${report ? testReport(report) : nothing}
      ${failed[service] ? problemNotice(failed[service]) : nothing}
      ${admin && connections ? html`<p class="row-end">${saved ? workButton({ text: t('connection.test'), busy: testing === service, act: () => test(service) }) : nothing}
        <button type="button" class=${saved ? '' : 'main'} @click=${() => edit(service)}>${saved ? t('connection.change') : t('connection.connect')}</button>
        ${saved ? html`<button type="button" class="quiet" @click=${() => remove(service)}>${t('connection.remove')}</button>` : nothing}</p>` : nothing}</section>`;
  }

  const writesPanel = () => html`<section class="panel" aria-labelledby="head-writes"><h2 id="head-writes">${t('writes.title')}</h2>
    ${writes ? html`<p>${toggle({ label: t('writes.title'), on: writes.writes, word: writes.writes ? t('writes.isOn') : t('writes.isOff'), disabled: !may('psa/admin'), toggle: switchWrites })}</p>
      <p class="hint">${t('writes.hint')}</p>` : html`<div class="bones"><span class="bone"></span></div>`}
    ${failed.writes ? problemNotice(failed.writes) : nothing}</section>`;

  const syncPanels = () => html`<section class="panel" aria-labelledby="head-sync"><h2 id="head-sync">${t('settings.sync')}</h2>${sync.part('frequency')}${sync.part('timeZone')}</section>
    <section class="panel" aria-labelledby="head-guards"><h2 id="head-guards">${t('guard.title')}</h2>${sync.part('guards')}</section>
    <section class="panel" aria-labelledby="head-readings"><h2 id="head-readings">${t('reading.title')}</h2>${sync.part('readings')}</section>`;

  /** @param {'failed' | 'held' | 'missed'} name */
  const wanted = (name) => html`<label class="choice"><input type="checkbox" ?disabled=${!may('psa/admin')} .checked=${choices?.[name] ?? false} @change=${(/** @type {Event} */ e) => {
    if (choices) choices[name] = /** @type {HTMLInputElement} */ (e.target).checked;
    draw();
  }}><span>${t(`alert.${name}`)}</span></label>`;

  function alertsPanel() {
    const admin = may('psa/admin');
    if (!alerts || !choices) return html`<section class="panel"><h2>${t('alert.title')}</h2>${failed.alerts ? problemNotice(failed.alerts, { again: readAlerts }) : html`<div class="bones"><span class="bone"></span><span class="bone"></span></div>`}</section>`;
    const now = choices;
    return html`<section class="panel" aria-labelledby="head-alerts"><h2 id="head-alerts">${t('alert.title')}</h2>
      ${wanted('failed')}${wanted('held')}${wanted('missed')}
      ${field({ id: 'alert-quiet', label: t('alert.quiet'), hint: t('alert.quietHint'), control: html`<input id="alert-quiet" type="number" min="1" max="62" ?disabled=${!admin} aria-describedby="alert-quiet-hint" .value=${String(now.quietDays ?? '')}
        @change=${(/** @type {Event} */ e) => { now.quietDays = valueOf(e) === '' ? null : Number(valueOf(e)); draw(); }}>` })}
      ${field({ id: 'alert-language', label: t('alert.language'), control: html`<select id="alert-language" ?disabled=${!admin} .value=${now.language ?? 'en'}
        @change=${(/** @type {Event} */ e) => { now.language = valueOf(e) === 'it' ? 'it' : 'en'; draw(); }}><option value="en">English</option><option value="it">Italiano</option></select>` })}
      ${field({ id: 'alert-mail', label: t('alert.mail'), hint: t('alert.mailHint'), control: html`<textarea id="alert-mail" rows="2" ?disabled=${!admin} aria-describedby="alert-mail-hint" .value=${now.mail.join('\n')}
        @change=${(/** @type {Event} */ e) => { now.mail = valueOf(e).split(/[\s,;]+/).filter(Boolean); draw(); }}></textarea>` })}
      ${alerts.warnings.map((warning) => notice('warn', html`<p>${warning}</p>`))}${failed.alerts ? problemNotice(failed.alerts) : nothing}
      ${admin ? html`<p class="row-end">${workButton({ text: t('alert.save'), busy: busy === 'alerts', act: saveAlerts, disabled: JSON.stringify(now) === JSON.stringify(alerts.settings) })}
        ${workButton({ text: t('alert.test'), busy: busy === 'alertTest', act: testAlerts })}</p>` : nothing}${failed.alertTest ? problemNotice(failed.alertTest) : nothing}
      <h3>${t('alert.webhook')}</h3>
      ${alerts.webhook ? html`<p>${alerts.webhook.host} <span class="muted">${alerts.webhook.savedBy}, ${moment(alerts.webhook.savedAt)}</span></p>` : html`<p class="muted">${t('alert.noWebhook')}</p>`}
      ${secret ? notice('good', html`<p><b>${t('alert.secret')}</b></p><p><code>${secret}</code></p>`) : nothing}
      ${admin ? html`${field({ id: 'alert-url', label: t('alert.url'), control: html`<input id="alert-url" type="url" .value=${url} @input=${(/** @type {Event} */ e) => { url = valueOf(e); draw(); }}>` })}
        <p class="row-end">${workButton({ text: t('alert.saveWebhook'), busy: busy === 'webhook', act: saveWebhook, disabled: url.trim() === '' })}
        ${alerts.webhook ? html`<button type="button" class="quiet" @click=${removeWebhook}>${t('alert.removeWebhook')}</button>` : nothing}</p>` : nothing}${failed.webhook ? problemNotice(failed.webhook) : nothing}
      <h3>${t('alert.last')}</h3>
      ${sent?.length ? html`<ul class="plain">${sent.map((one) => html`<li>${badge(one.state === 'delivered' ? 'good' : one.state === 'undelivered' ? 'bad' : 'quiet', word('delivery', one.state))} ${one.subject ?? word('alertKind', one.kind)} <span class="muted">${moment(one.raisedAt)}</span></li>`)}</ul>` : html`<p class="muted">${t('alert.none')}</p>`}</section>`;
  }

  function answer() {
    if (!connections || !writes) return t('loading');
    const down = /** @type {Service[]} */ (['connectwise', 'sophos']).filter((service) => !connections?.[service]?.lastTest.works).map((service) => t(`connection.${service}`));
    return `${down.length === 0 ? t('connection.bothWork') : t('connection.down', { names: down.join(', ') })} ${writes.writes ? t('writes.sentenceOn') : t('writes.sentenceOff')}`;
  }

  return {
    view: () => html`<div class="head"><div><h1>${t('nav.settings')}</h1><p class="answer">${answer()}</p></div><div class="actions">${sync.button()}</div></div>
      ${failed.connections ? problemNotice(failed.connections, { again: read }) : nothing}
      ${sync.messages()}
      <div class="panels">${connection('connectwise')}${connection('sophos')}${writesPanel()}${syncPanels()}${alertsPanel()}</div>`,
    reload: () => { read(); sync.reload(); },
    unsaved: () => (sync.dirty() ? 1 : 0),
  };
}

/** What a test of a connection found, in words.
 * @param {Report} report */
const testReport = (report) => notice(report.works ? 'good' : 'bad', html`<p><b>${report.detail}</b></p><p>${report.advice}</p>
  ${report.missingRights.length ? html`<p>${t('connection.missingRights')}</p><ul>${report.missingRights.map((right) => html`<li>${right}</li>`)}</ul>` : nothing}
  ${report.untestedRights.length ? html`<p>${t('connection.untestedRights', { rights: report.untestedRights.join(', ') })}</p>` : nothing}`);

/** Opens the form of a connection. It is tested before it is saved; the result is what the test found.
 * @param {Service} service
 * @param {Connections['connectwise'] | Connections['sophos']} [saved]
 * @returns {Promise<Report | undefined>} */
function editConnection(service, saved) {
  /** @type {Record<string, string>} */
  const form = Object.fromEntries(FIELDS[service].map(({ name }) => [name, saved && name in saved ? String(/** @type {any} */ (saved)[name]) : '']));
  /** @type {unknown} */
  let failed;
  /** @type {Report | undefined} */
  let report;
  let busy = false;
  return openDialog({
    title: () => t('connection.editTitle', { name: t(`connection.${service}`) }),
    mayLeave: () => !busy,
    view: (close) => {
      const whole = () => FIELDS[service].every(({ name }) => form[name]?.trim());
      const save = async () => {
        [busy, failed, report] = [true, undefined, undefined];
        draw();
        try {
          const options = /** @type {any} */ ({ body: { connection: Object.fromEntries(FIELDS[service].map(({ name }) => [name, form[name]?.trim()])) }, version: saved ? `"${saved.version}"` : '*' });
          const stored = service === 'connectwise' ? await call('put', '/v1/connections/connectwise', options) : await call('put', '/v1/connections/sophos', options);
          close(stored.report);
        } catch (error) {
          failed = error;
        }
        busy = false;
        draw();
      };
      return html`<form><div class="body"><p>${t('connection.editText')}</p>
        ${FIELDS[service].map(({ name, secret, hint }) => field({ id: `connection-${name}`, label: t(/** @type {Key} */ (`connection.${name}`)), hint: hint ? t(hint) : undefined, control: html`
          <input id="connection-${name}" type=${secret ? 'password' : 'text'} autocomplete="off" spellcheck="false" .value=${form[name] ?? ''} @input=${(/** @type {Event} */ e) => { form[name] = valueOf(e); draw(); }}>` }))}
        ${failed ? problemNotice(failed) : nothing}</div>
        ${foot(workButton({ text: t('connection.save'), busy, act: save, main: true, type: 'submit', disabled: !whole() }), () => close())}</form>`;
    },
  });
}
