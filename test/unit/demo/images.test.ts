import { crc32, inflateSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { ask, sample } from './helpers.js';

/** Width and height of a JPEG, found by walking its segments to the frame header and on to the end. */
function jpegSize(file: Buffer): [number, number] {
  expect(file.readUInt16BE(0)).toBe(0xffd8);
  expect(file.readUInt16BE(file.length - 2)).toBe(0xffd9);
  let at = 2;
  let size: [number, number] | undefined;
  while (file[at] === 0xff && file[at + 1] !== 0xda) {
    if (file[at + 1] === 0xc0) size = [file.readUInt16BE(at + 7), file.readUInt16BE(at + 5)];
    at += 2 + file.readUInt16BE(at + 2);
  }
  expect(file.readUInt16BE(at)).toBe(0xffda);
  // In the scan every 0xFF is followed by a stuffed zero, until the end marker.
  for (let i = at + 2 + file.readUInt16BE(at + 2); i < file.length - 2; i++) {
    if (file[i] === 0xff) expect(file[i + 1]).toBe(0);
  }
  expect(size).toBeDefined();
  return size ?? [0, 0];
}

function pngSize(file: Buffer): [number, number] {
  const data: Buffer[] = [];
  for (let at = 8; at < file.length; ) {
    const length = file.readUInt32BE(at);
    expect(crc32(file.subarray(at + 4, at + 8 + length))).toBe(file.readUInt32BE(at + 8 + length));
    if (file.toString('latin1', at + 4, at + 8) === 'IDAT') data.push(file.subarray(at + 8, at + 8 + length));
    at += 12 + length;
  }
  const [width, height] = [file.readUInt32BE(16), file.readUInt32BE(20)];
  expect(inflateSync(Buffer.concat(data)).length).toBe((width * 4 + 1) * height);
  return [width, height];
}

test('posters are JPEGs of the size asked for', async () => {
  const origin = await sample();
  const poster = String((await ask(origin, '/3/movie/550')).json.poster_path);
  const sizes: [string, number, number][] = [
    ['w92', 92, 138],
    ['w500', 500, 750],
    ['h632', 421, 632],
    ['w600_and_h900_bestv2', 600, 900],
    ['original', 2000, 3000],
  ];
  for (const [size, width, height] of sizes) {
    const image = await ask(origin, `/t/p/${size}${poster}`);
    expect(image.headers['content-type']).toBe('image/jpeg');
    expect(jpegSize(image.body), size).toEqual([width, height]);
    if (size === 'w500') expect(image.body.length).toBeGreaterThan(20_000);
    if (size === 'w500') expect(image.body.length).toBeLessThan(125_000);
    if (size === 'original') expect(image.body.length).toBeGreaterThan(300_000);
  }
});

test('logos are PNG or SVG', async () => {
  const origin = await sample();
  const logos = (await ask(origin, '/3/movie/550/images')).json.logos as { file_path: string }[];
  const png = await ask(
    origin,
    `/t/p/w300${logos.find(({ file_path }) => file_path.endsWith('png'))?.file_path}`,
  );
  expect(pngSize(png.body)).toEqual([300, 120]);
  const svg = await ask(
    origin,
    `/t/p/w300${logos.find(({ file_path }) => file_path.endsWith('svg'))?.file_path}`,
  );
  expect([svg.headers['content-type'], svg.body.toString().startsWith('<svg')]).toEqual([
    'image/svg+xml',
    true,
  ]);
});

test('headers, conditions, ranges and doubled slashes', async () => {
  const origin = await sample();
  const path = `/t/p/w92${(await ask(origin, '/3/person/287')).json.profile_path}`;
  const whole = await ask(origin, path);
  expect(whole.headers).toMatchObject({ 'cache-control': 'public, max-age=31919000', vary: 'Accept' });
  expect(whole.headers.etag).toMatch(/^"[0-9a-f]{32}"$/);
  const unchanged = await ask(origin, path, { headers: { 'if-none-match': String(whole.headers.etag) } });
  expect([unchanged.status, unchanged.body.length]).toEqual([304, 0]);
  const since = { 'if-modified-since': String(whole.headers['last-modified']) };
  expect((await ask(origin, path, { headers: since })).status).toBe(304);
  const part = await ask(origin, path, { headers: { range: 'bytes=10-19' } });
  expect([part.status, part.headers['content-range']]).toEqual([206, `bytes 10-19/${whole.body.length}`]);
  expect(part.body.equals(whole.body.subarray(10, 20))).toBe(true);
  expect(
    (await ask(origin, path, { headers: { range: 'bytes=-5' } })).body.equals(whole.body.subarray(-5)),
  ).toBe(true);
  expect((await ask(origin, path, { headers: { range: 'bytes=9999999-' } })).status).toBe(416);
  const stale = { range: 'bytes=0-1', 'if-range': '"other"' };
  expect((await ask(origin, path, { headers: stale })).status).toBe(200);
  expect((await ask(origin, path.replace('w92/', 'w92//'))).body.equals(whole.body)).toBe(true);
});

test('wrong sizes and missing files are 404 in HTML', async () => {
  const origin = await sample();
  const path = String((await ask(origin, '/3/movie/550')).json.poster_path);
  for (const wrong of [
    `/t/p/w501${path}`,
    '/t/p/w500/nothing.jpg',
    `/t/p/w500${path.replace(/.\.jpg$/, '!.jpg')}`,
    '/t/p/w500',
  ]) {
    const { status, headers, body } = await ask(origin, wrong);
    expect([status, headers['content-type'], body.toString().includes('<html>')], wrong).toEqual([
      404,
      'text/html; charset=utf-8',
      true,
    ]);
  }
});

test('big files have exactly the size in their name and are JPEGs', async () => {
  const origin = await sample();
  const { body } = await ask(origin, '/t/p/original/big-6mb.jpg');
  expect(body.length).toBe(6 * 1024 * 1024);
  expect(jpegSize(body)).toEqual([64, 64]);
});

test('sample files need no look-up', async () => {
  const origin = await sample();
  const [a, b] = [await ask(origin, '/t/p/w500/sample.jpg'), await ask(origin, '/t/p/w500/sample-2.jpg')];
  expect([jpegSize(a.body), jpegSize(b.body)]).toEqual([
    [500, 750],
    [500, 750],
  ]);
  expect(a.headers.etag).not.toBe(b.headers.etag);
  expect(pngSize((await ask(origin, '/t/p/w92/sample.png')).body)).toEqual([92, 37]);
});

test('WebP is negotiated by a client that names it: another tag, which the plain form does not match', async () => {
  const origin = await sample();
  const path = '/t/p/w92/sample.jpg';
  const asked = (accept: string, more: Record<string, string> = {}) =>
    ask(origin, path, { headers: { accept, ...more } });
  const plain = await ask(origin, path);
  const webp = await asked('image/avif,image/webp,*/*;q=0.8');
  expect([plain.headers['x-negotiated'], webp.headers['x-negotiated']]).toEqual([undefined, 'webp']);
  expect(webp.headers.etag).not.toBe(plain.headers.etag);
  expect((await asked('image/webp', { 'if-none-match': String(webp.headers.etag) })).status).toBe(304);
  expect((await asked('image/webp', { 'if-none-match': String(plain.headers.etag) })).status).toBe(200);
  for (const accept of ['*/*', 'image/*', 'image/webp;q=0, image/jpeg', 'image/webpx'])
    expect((await asked(accept)).headers.etag, accept).toBe(plain.headers.etag);
  const svg = await ask(origin, '/t/p/w92/sample.svg', { headers: { accept: 'image/webp' } });
  expect(svg.headers['x-negotiated']).toBeUndefined();
});

test('a fault makes an image an HTML page with status 200', async () => {
  const origin = await sample();
  origin.faults.add({ kind: 'status', status: 200, body: '<html>busy</html>', match: '/t/p/' });
  origin.faults.add({ kind: 'headers', set: { 'Content-Type': 'text/html' }, match: '/t/p/' });
  const { status, headers, body } = await ask(origin, '/t/p/w92/sample.jpg');
  expect([status, headers['content-type'], body.toString()]).toEqual([200, 'text/html', '<html>busy</html>']);
});
