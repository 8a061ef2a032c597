// A server whose heads come at once and whose bodies do not: every asker would wait for all the time there is.
import { afterEach, expect, it } from 'vitest';
import { peek } from '../../../src/cache/peek.js';
import type { OriginService } from '../../../src/origin/origin.js';
import type { BodySource } from '../../../src/origin/source.js';
import { Bench, request, TestClock, text, until } from './helpers.js';

const bench = new Bench();
afterEach(() => bench.close());

/** How long a body may take that is looked at whole, ms: less than the origin's own bound for silence. */
const INSPECT_MS = 10_000;
const BODY_MS = 20_000;

type End = 'looked at' | 'silent' | 'left' | 'aborted' | 'whole';

/** An origin that sends the heads and beginnings of JSON, and one request for each way in which its body ends. */
async function given(...ends: End[]) {
  const clock = new TestClock();
  const { url } = await bench.http(({ url: path }, res) => {
    res.write('{');
    if (path === '/whole') res.end('}');
  });
  const origin = bench.origin([url], clock);
  for (const end of ends) await ended(origin, clock, end);
  return { origin, clock };
}

async function ended(origin: OriginService, clock: TestClock, end: End): Promise<void> {
  const controller = new AbortController();
  const { signal } = controller;
  const response = await origin.fetch(request({ target: end === 'whole' ? '/whole' : '/hangs', signal }));
  const { body } = response;
  if (end === 'whole') await text(response);
  else if (end === 'looked at') {
    const looking = peek(body, 1000, { clock, ms: INSPECT_MS });
    clock.advance(INSPECT_MS);
    expect((await looking).failure).toMatchObject({ code: 'origin_timeout' });
  } else if (end === 'silent') {
    const failed = failureOf(body);
    clock.advance(BODY_MS + 1000);
    expect(await failed).toMatchObject({ code: 'origin_timeout' });
  } else {
    clock.advance(INSPECT_MS);
    if (end === 'left') body.cancel();
    else controller.abort();
  }
  await until(() => origin.status()[0]?.in_flight === 0);
}

function failureOf(body: BodySource): Promise<unknown> {
  return new Promise((resolve) => body.start({ data: () => {}, end: () => resolve('end'), error: resolve }));
}

it.each<[End, string]>([
  ['looked at', 'given up when its time is over'],
  ['silent', 'silent for longer than the origin may be'],
])('five bodies in a row that hang open the breaker: %s (%s)', async (end) => {
  const { origin, clock } = await given(end, end, end, end);
  expect(origin.status()[0]).toMatchObject({ breaker: 'closed', errors: 4, successes: 0 });
  await ended(origin, clock, end);
  expect(origin.status()[0]).toMatchObject({ breaker: 'open', errors: 5, status: 'down' });
  await expect(origin.fetch(request())).rejects.toMatchObject({ code: 'origin_breaker_open' });
});

it.each<End>(['left', 'aborted'])('who leaves in the middle of a body blames nobody: %s', async (end) => {
  const { origin } = await given(...Array.from({ length: 12 }, () => end));
  expect(origin.status()[0]).toMatchObject({ breaker: 'closed', errors: 0, last_error: null });
});

it('a body that comes whole shows that bodies come', async () => {
  const four = Array.from({ length: 4 }, (): End => 'looked at');
  const { origin } = await given(...four, 'whole', ...four);
  expect(origin.status()[0]).toMatchObject({ breaker: 'closed', errors: 8 });
});
