import { crc32, deflateSync, inflateSync } from 'node:zlib';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const CHANNELS = { 2: 3, 6: 4 };
const MOST_COLORS = 256;

/**
 * The same picture as a PNG with a palette, for screenshots of pages: large areas of few colors. Where there are more than 256
 * colors, near ones become one, which changes the edges of letters by less than an eye sees.
 *
 * @param png 8 bits a channel, not interlaced (https://www.w3.org/TR/png-3/)
 */
export function shrinkPng(png) {
  const { width, height, pixels } = readPixels(png);
  const { palette, indexes } = reduceColors(pixels);
  const rows = Buffer.alloc((width + 1) * height);
  // Filter 0: the bytes of a palette are no measure to predict from.
  for (let y = 0; y < height; y += 1) indexes.copy(rows, y * (width + 1) + 1, y * width, (y + 1) * width);
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 3, 0, 0, 0], 8);
  const parts = [chunk('IHDR', header), chunk('PLTE', palette), chunk('IDAT', deflateSync(rows, { level: 9 }))];
  return Buffer.concat([SIGNATURE, ...parts, chunk('IEND', Buffer.alloc(0))]);
}

/** Colors as numbers, one a pixel. */
function readPixels(png) {
  const data = [];
  let header = Buffer.alloc(0);
  for (let at = 8; at < png.length;) {
    const length = png.readUInt32BE(at);
    const body = png.subarray(at + 8, at + 8 + length);
    const type = png.toString('latin1', at + 4, at + 8);
    if (type === 'IHDR') header = body;
    if (type === 'IDAT') data.push(body);
    at += 12 + length;
  }
  const [width, height, channels] = [header.readUInt32BE(0), header.readUInt32BE(4), CHANNELS[header[9]]];
  if (header[8] !== 8 || channels === undefined || header[12] !== 0) throw new Error('The PNG is of another kind.');
  const bytes = unfilter(inflateSync(Buffer.concat(data)), width * channels, height, channels);
  const pixels = new Uint32Array(width * height);
  for (let at = 0; at < pixels.length; at += 1) pixels[at] = bytes.readUIntBE(at * channels, 3);
  return { width, height, pixels };
}

function unfilter(rows, stride, height, step) {
  const bytes = Buffer.alloc(stride * height);
  for (let y = 0; y < height; y += 1) {
    const filter = rows[y * (stride + 1)];
    for (let x = 0; x < stride; x += 1) {
      const at = y * stride + x;
      const left = x >= step ? bytes[at - step] : 0;
      const up = y > 0 ? bytes[at - stride] : 0;
      const corner = x >= step && y > 0 ? bytes[at - stride - step] : 0;
      const predicted = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter];
      bytes[at] = rows[y * (stride + 1) + 1 + x] + predicted;
    }
  }
  return bytes;
}

function paeth(left, up, corner) {
  const [a, b, c] = [Math.abs(up - corner), Math.abs(left - corner), Math.abs(left + up - 2 * corner)];
  if (a <= b && a <= c) return left;
  return b <= c ? up : corner;
}

/** Keeps frequent colors and drops those that are near a kept one: the nearer, the less the picture needs it. */
function reduceColors(pixels) {
  const counts = new Map();
  for (const color of pixels) counts.set(color, (counts.get(color) ?? 0) + 1);
  const byCount = [...counts].sort(([, a], [, b]) => b - a).map(([color]) => color);
  let kept = byCount;
  for (let apart = 1; kept.length > MOST_COLORS; apart *= 2) kept = keepApart(byCount, apart);
  const nearest = new Map(byCount.map((color) => [color, nearestOf(kept, color)]));
  const palette = Buffer.alloc(kept.length * 3);
  kept.forEach((color, at) => palette.writeUIntBE(color, at * 3, 3));
  return { palette, indexes: Buffer.from(Uint8Array.from(pixels, (color) => nearest.get(color))) };
}

function keepApart(colors, apart) {
  const kept = [];
  for (const color of colors) {
    if (kept.length > MOST_COLORS) break;
    if (kept.every((other) => distance(color, other) > apart)) kept.push(color);
  }
  return kept;
}

function distance(one, other) {
  return [16, 8, 0].reduce((sum, shift) => sum + (((one >> shift) & 255) - ((other >> shift) & 255)) ** 2, 0);
}

function nearestOf(kept, color) {
  let best = 0;
  for (let at = 1; at < kept.length; at += 1) if (distance(kept[at], color) < distance(kept[best], color)) best = at;
  return best;
}

function chunk(type, body) {
  const content = Buffer.concat([Buffer.from(type, 'latin1'), body]);
  const frame = Buffer.alloc(content.length + 8);
  frame.writeUInt32BE(body.length, 0);
  content.copy(frame, 4);
  frame.writeUInt32BE(crc32(content), content.length + 4);
  return frame;
}
