import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Twins } from './twins.js';

const request = (...lines: string[]) =>
  `${['GET /x/0 HTTP/1.1', 'Host: a', 'Accept: */*', ...lines, 'User-Agent: b'].join('\r\n')}\r\n\r\n`;
const trace = (n: number) => `00-${n.toString(16).padStart(32, 'a')}-00f067aa0ba902b7-01`;

let twins: Twins;
const ask = (...lines: string[]) =>
  twins.run({ kind: 'send', line: 0, bytes: request(...lines), cuts: [], kept: 1 });
beforeEach(async () => {
  twins = await new Twins('letter', 'prompt').open();
  await ask();
  await ask();
});
afterEach(() => twins.close());

describe('fields that every request has its own values of', () => {
  it('leave hits to the fast path, which answers and tells as node:http would', async () => {
    const { hits } = twins.fast;
    for (let n = 0; n < 20; n++)
      await ask(`traceparent: ${trace(n)}`, 'TraceState: a=1', `X-Request-Id: client-${'x'.repeat(n)}`);
    expect(twins.fast.hits).toBe(hits + 20);
    for (const ids of [twins.plain.ids, twins.fast.ids]) expect(ids).toContain('client-xxxxx');
    expect(twins.fast.ids.at(-1)).toBe(`client-${'x'.repeat(19)}`);
  });

  it('leave the next client its own id, whatever the length of the one before', async () => {
    await ask('X-Request-Id: short');
    await ask(`X-Request-Id: ${'y'.repeat(36)}`);
    await ask(`X-Request-Id: ${'z'.repeat(128)}`);
    await ask();
    expect(twins.fast.ids.slice(-4).map((id) => id.length)).toEqual([5, 36, 128, 36]);
    expect(twins.fast.ids.at(-1)).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('that stand twice are for node:http', async () => {
    const { hits } = twins.fast;
    await ask(`traceparent: ${trace(1)}`, `traceparent: ${trace(2)}`);
    await ask('X-Request-Id: a', 'X-Request-Id: b');
    expect(twins.fast.hits).toBe(hits);
  });
});
