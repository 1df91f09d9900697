// Takes the pictures of the README from the demo partner: `node tests/console/pictures.mjs`, after a build and `infra/check console`.

import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import { applied, show } from './month-stage.mjs';
import { assertClean, settled, stage } from './stage.mjs';

const folder = new URL('./pictures/', import.meta.url).pathname;
const WIDTH = 1280;
const MAX_BYTES = 200 * 1024;
const COLOURS = 256;

/** A screenshot as indices into a palette, which the browser works out because Node cannot decode PNG. */
async function indexed(page, png) {
  return page.evaluate(async ([base64, most]) => {
    const bitmap = await createImageBitmap(new Blob([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))]));
    const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d');
    context.drawImage(bitmap, 0, 0);
    const { data } = context.getImageData(0, 0, bitmap.width, bitmap.height);
    const pixels = Array.from({ length: data.length / 4 }, (_, n) => (data[4 * n] << 16) | (data[4 * n + 1] << 8) | data[4 * n + 2]);
    const counts = new Map();
    for (const pixel of pixels) counts.set(pixel, (counts.get(pixel) ?? 0) + 1);
    const distance = (a, b) => [16, 8, 0].reduce((sum, shift) => sum + (((a >> shift) & 255) - ((b >> shift) & 255)) ** 2, 0);
    const palette = [];
    const apart = new Map([...counts.keys()].map((colour) => [colour, Infinity]));
    while (palette.length < Math.min(most, counts.size)) {
      // Frequent or unlike the others: the red of a single figure is kept, too.
      const weight = (colour) => (apart.get(colour) === 0 ? -1 : counts.get(colour) * apart.get(colour));
      const next = [...counts.keys()].reduce((best, colour) => (weight(colour) > weight(best) ? colour : best));
      palette.push(next);
      for (const [colour, least] of apart) apart.set(colour, Math.min(least, distance(colour, next)));
    }
    const nearest = new Map([...counts.keys()].map((colour) => [
      colour, palette.reduce((best, candidate, n) => (distance(colour, candidate) < distance(colour, palette[best]) ? n : best), 0),
    ]));
    return { width: bitmap.width, height: bitmap.height, palette, indices: pixels.map((pixel) => nearest.get(pixel)) };
  }, [png.toString('base64'), COLOURS]);
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, checksum]);
}

/** A PNG with a palette: a third of the size of a screenshot. */
function encoded({ width, height, palette, indices }) {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 3, 0, 0, 0], 8);
  const rows = Buffer.alloc((width + 1) * height);
  for (let y = 0; y < height; y += 1) rows.set(indices.slice(y * width, (y + 1) * width), y * (width + 1) + 1);
  const colours = Buffer.from(palette.flatMap((colour) => [colour >> 16, (colour >> 8) & 255, colour & 255]));
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), chunk('IHDR', header), chunk('PLTE', colours),
    chunk('IDAT', deflateSync(rows, { level: 9 })), chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** Keeps what is seen of a page down to the end of a row, so that no row is cut. */
async function keep(page, name, lastRow) {
  const { y, height } = await lastRow.boundingBox();
  const png = await page.screenshot({ clip: { x: 0, y: 0, width: WIDTH, height: Math.floor(y + height) } });
  assertClean(page);
  const small = encoded(await indexed(page, png));
  assert.ok(small.length <= MAX_BYTES, `${name}: ${small.length} bytes`);
  writeFileSync(join(folder, `${name}.png`), small);
  console.log(`${join(folder, name)}.png: ${small.length} bytes`);
}

const world = await stage();
try {
  mkdirSync(folder, { recursive: true });
  await applied(world);
  const month = await show(world, { width: WIDTH, height: 1600 });
  await keep(month, 'month', month.locator('main tbody tr:not(.group)').nth(2));
  const configure = await world.open({ hash: '#/configure', width: WIDTH, height: 1600 });
  await settled(configure);
  await keep(configure, 'configure', configure.locator('main tbody tr').nth(8));
} finally {
  await world.stop();
}
