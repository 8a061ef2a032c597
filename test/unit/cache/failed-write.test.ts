import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { type ErrorCode, ProxyError } from '../../../src/errors.js';
import { faultOf } from '../../../src/origin/faults.js';
import { settle } from '../../support/fake-clock.js';
import { FRESH, fill, kitOf, letter, stored, table, times, write } from './writes-kit.js';

const fault = (code: string) => faultOf(Object.assign(new Error(code), { code }), 'POST http://origin');
const error = (code: ErrorCode) => new ProxyError(code, code);

/** A write that fails with `thrown`. */
async function fails(kit: ReturnType<typeof kitOf>, thrown: ProxyError, body?: Readable) {
  const request = { method: 'POST', target: '/x', headers: [] };
  const { signal } = new AbortController();
  const answer = kit.engine.handle({ request, signal, readBody: async () => body });
  await settle();
  kit.origin.last.fail(thrown);
  await expect(answer).rejects.toBe(thrown);
}

describe('a write that brings no answer', () => {
  it.each([
    ['a connection that is refused', fault('ECONNREFUSED')],
    ['a name that is unknown', fault('ENOTFOUND')],
    ['a connection that takes too long', fault('UND_ERR_CONNECT_TIMEOUT')],
    ['an open breaker', error('origin_breaker_open')],
    ['an exhausted budget', error('budget_exhausted')],
    ['a rate limit', error('origin_rate_limited')],
  ])('%s: it did not reach the origin, what is stored stays fresh', async (_why, thrown) => {
    const kit = kitOf();
    await fill(kit, '/x');
    await fails(kit, thrown);
    expect(await stored(kit, '/x')).toBe('old');
  });

  it.each(['client_closed', 'upload_slow'] as const)(
    'a client that leaves before it has sent the whole, or is sent away, purges nothing: %s',
    async (code) => {
      const kit = kitOf();
      await fill(kit, '/x');
      await fails(kit, error(code), new Readable({ read() {} }));
      expect(await stored(kit, '/x')).toBe('old');
    },
  );

  it.each([
    ['a connection that breaks', fault('ECONNRESET'), undefined],
    ['no answer in time', error('origin_timeout'), undefined],
    ['a client that leaves after it', error('client_closed'), undefined],
  ])(
    '%s: it may have happened, what is stored is validated, and stands in while the origin is down',
    async (_why, thrown) => {
      const kit = kitOf({ site: { ...letter, times: () => ({ ...times, sieMs: 600_000 }) } });
      await fill(kit, '/x', ['ETag', '"1"']);
      await fails(kit, thrown);
      expect(await stored(kit, '/x')).toBeUndefined();
      const answer = kit.ask('/x');
      await settle();
      kit.origin.last.fail(fault('ECONNREFUSED'));
      expect((await answer).outcome.stale).toBe('origin-error');
    },
  );

  it('purges nothing under the class table: only what succeeds does', async () => {
    const kit = kitOf({ site: table });
    await fill(kit, '/x');
    await fails(kit, fault('ECONNRESET'));
    expect(await stored(kit, '/x')).toBe('old');
  });
});

it.each(['X-Forwarded-Host', 'x-original-url', 'X-HTTP-Method-Override', 'Forwarded'])(
  'a POST with %s, which no Vary tells of, does not become what others are sent',
  async (name) => {
    const kit = kitOf();
    const reply = { headers: [...FRESH, 'Content-Location', '/x'], body: 'evil' };
    expect(await write(kit, '/x', reply, 'POST', [name, 'evil'])).toBe('evil');
    expect(await stored(kit, '/x')).toBeUndefined();
  },
);
