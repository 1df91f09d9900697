// What the tests of the page share: the local stack, Debian's Chromium, and pages that remember what went wrong in them.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import en from '../../functions/console/web/text/en.js';
import it from '../../functions/console/web/text/it.js';

const root = new URL('../../', import.meta.url).pathname;
const tools = createRequire(join(root, '.tools/node/'));
export const { chromium } = tools('playwright-core');
const axe = readFileSync(tools.resolve('axe-core/axe.min.js'), 'utf8');
export const catalogues = { en, it };
export const languages = ['en', 'it'];
export const pictures = join(root, 'target/console/pictures');

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const BROWSERS = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** A message of a language with its values, as the page shows it. */
export function text(language, key, values = {}) {
  const found = catalogues[language][key];
  assert.ok(found !== undefined, `no message ${key}`);
  const form = typeof found === 'string' ? found : (found[new Intl.PluralRules(language).select(Number(values.n))] ?? found.other);
  return form.replace(/\{(\w+)\}/g, (_, name) => (typeof values[name] === 'number' ? new Intl.NumberFormat(language).format(values[name]) : values[name]));
}

/** Starts the local stack with a partner of its own, and a browser. `stop` ends both. */
export async function stage(options = []) {
  const data = mkdtempSync(join(tmpdir(), 'console-'));
  const program = process.env.CONSOLE_STACK ?? join(root, 'target/debug/dev');
  const stack = spawn(program, ['--data', join(data, 'stack'), '--fresh', ...options, 'api', '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  let printed = '';
  const address = await new Promise((resolve, reject) => {
    stack.on('exit', (code) => reject(new Error(`the local stack ended with ${code}:\n${printed}`)));
    stack.stdout.on('data', (chunk) => {
      printed += chunk;
      const found = /The page: (http\S+\/console\/)/.exec(printed);
      if (found) resolve(found[1]);
    });
  });
  const executablePath = BROWSERS.find((path) => path && existsSync(path));
  const browser = await chromium.launch({ executablePath, headless: true, args: FLAGS });
  const api = new URL(address).origin;
  const { token } = await (await fetch(`${api}/console/config.json`)).json();
  return {
    address,
    browser,
    /** Calls the API beside the page. */
    call: async (method, path, body) => {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'idempotency-key': crypto.randomUUID(), 'if-match': '*' };
      const response = await fetch(`${api}${path}`, { method: method.toUpperCase(), headers, body: body === undefined ? undefined : JSON.stringify(body) });
      const answer = response.status === 204 ? undefined : await response.json();
      assert.ok(response.ok, `${method} ${path}: ${response.status} ${JSON.stringify(answer)}`);
      return answer;
    },
    open: (more) => openPage(browser, address, more),
    stop: async () => {
      await browser.close();
      stack.removeAllListeners('exit');
      const gone = new Promise((resolve) => stack.on('exit', resolve));
      stack.kill('SIGINT');
      await gone;
      rmSync(data, { recursive: true });
    },
  };
}

/** A refusal that the page handles is logged by the browser all the same; so is a mapped product that ConnectWise has no more. */
const expected = (message) => /status of (400|401|409|412|422)/.test(message.text()) || (/status of 404/.test(message.text()) && /\/v1\/psa\/products\/\d+$/.test(message.location().url));

/** Opens the page. What must never happen is collected in `faults`: errors, and requests to anywhere else. */
async function openPage(browser, address, { language = 'en', hash = '#/configure', scheme = 'light', width = 1440, height = 900, scope, forced = 'none' } = {}) {
  const context = await browser.newContext({ locale: language, timezoneId: 'Europe/Rome', colorScheme: scheme, forcedColors: forced, viewport: { width, height }, reducedMotion: 'reduce' });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const faults = [];
  page.on('console', (message) => { if (['error', 'warning'].includes(message.type()) && !expected(message)) faults.push(`console: ${message.text()}`); });
  page.on('pageerror', (error) => faults.push(`error: ${error.stack}`));
  page.on('request', (request) => { if (!request.url().startsWith(new URL(address).origin)) faults.push(`request to ${request.url()}`); });
  if (scope) await page.route('**/console/config.json', (route) => route.continue({ url: `${route.request().url()}?scope=${encodeURIComponent(scope)}` }));
  await page.goto(`${address}${hash}`);
  await page.locator('main h1').waitFor();
  return Object.assign(page, { faults, t: (key, values) => text(language, key, values) });
}

/** The page is as good as it must always be: no error, no foreign request. */
export function assertClean(page) {
  assert.deepEqual(page.faults, []);
}

/** All that axe-core finds against it. */
export async function violations(page) {
  // Evaluated by the browser's own protocol: the page's policy lets no script in that is not its own.
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axe);
  const found = await page.evaluate(async () => {
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
    const { violations } = await globalThis.axe.run(document, { runOnly: tags });
    return violations.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map((node) => `${node.html.slice(0, 160)} ${node.failureSummary.replace(/\s+/g, ' ').slice(0, 200)}`).join(' | ')}`);
  });
  return found;
}

/** Waits until nothing is on its way to the page any more. */
export async function settled(page) {
  await page.waitForLoadState('networkidle');
  await page.locator('.loading, .bones').first().waitFor({ state: 'detached' }).catch(() => undefined);
}

/** Keeps a picture of the page below target/, for people to look at. */
export async function picture(page, name) {
  mkdirSync(pictures, { recursive: true });
  const inDialog = (await page.locator('dialog').count()) > 0;
  await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: !inDialog });
}

/** The texts that are seen and read on the page. */
export const textsOf = (page) => page.evaluate(() => {
  const texts = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) texts.push(walk.currentNode.textContent.trim());
  for (const element of document.querySelectorAll('[aria-label], [title], [placeholder]')) {
    for (const name of ['aria-label', 'title', 'placeholder']) texts.push(element.getAttribute(name) ?? '');
  }
  return texts.filter(Boolean);
});

/** The English messages that are not written alike in Italian, as patterns. */
export function english() {
  const forms = (message) => (typeof message === 'string' ? [message] : Object.values(message));
  const same = new Set(Object.values(catalogues.it).flatMap(forms));
  const messages = Object.values(catalogues.en).flatMap(forms).filter((message) => !same.has(message) && /[a-z]{2}/i.test(message.replace(/\{\w+\}/g, '')));
  return messages.map((message) => new RegExp(`^${message.replace(/[.*+?^$()|[\]\\]/g, '\\$&').replace(/\{(n|id)\}/g, '[\\d.,]+').replace(/\{\w+\}/g, '.+')}$`));
}
