import { describe, expect, it } from 'vitest';
import { ProxyError } from '../../../src/errors.js';
import { Warmer } from '../../../src/warm/warmer.js';
import { settle } from '../../support/fake-clock.js';
import { engineKit, type KitOverrides } from '../cache/engine-kit.js';

const MINUTE = 60_000;

function kit(overrides: KitOverrides = {}) {
  const made = engineKit(overrides);
  const { engine, site, purges, clock } = made;
  const replaced: string[] = [];
  const parts = { lookup: engine.lookup, filler: engine.filler, site, purges, clock };
  const warmer = new Warmer({ ...parts, replaced: (key) => replaced.push(key) });
  const stop = new AbortController();
  const warm = (target: string) => warmer.warm(target, stop.signal);
  return { ...made, warmer, warm, stop, replaced };
}

describe('one target', () => {
  it('is fetched behind everybody else, stored, and a hit for users', async () => {
    const { warm, origin, ask } = kit();
    const warming = warm('/x');
    await settle();
    expect(origin.last.request.priority).toBe('background');
    origin.last.reply();
    expect(await warming).toEqual({ result: 'filled' });
    expect((await ask('/x')).outcome.result).toBe('hit');
  });

  it('that is fresh costs the origin nothing', async () => {
    const { warm, origin } = kit();
    const first = warm('/x');
    await settle();
    origin.last.reply();
    await first;
    expect(await warm('/x')).toEqual({ result: 'hits' });
    expect(origin.asked).toHaveLength(1);
  });

  it('that is stale, or softly purged, is validated, and processes are told', async () => {
    const { warm, origin, clock, purge, replaced } = kit();
    const first = warm('/x');
    await settle();
    origin.last.reply();
    await first;
    expect(replaced).toEqual([]);
    clock.advance(61 * MINUTE);
    const second = warm('/x');
    await settle();
    expect(origin.last.request.headers.join()).toContain('If-None-Match');
    origin.last.reply({ status: 304, body: '' });
    expect(await second).toEqual({ result: 'filled' });
    purge({ kind: 'key', name: '/x' }, true);
    const third = warm('/x');
    await settle();
    origin.last.reply({ status: 304, body: '' });
    await third;
    expect(replaced).toEqual(['/x', '/x']);
    expect(origin.asked).toHaveLength(3);
  });

  it('of a user is never asked for', async () => {
    const { warm, origin } = kit();
    expect(await warm('/private/x')).toEqual({ result: 'skipped' });
    expect(origin.asked).toHaveLength(0);
  });

  it('joins a user’s fetch rather than asking again', async () => {
    const { warm, origin, ask } = kit();
    const asking = ask('/x');
    await settle();
    const warming = warm('/x');
    await settle();
    expect(origin.asked).toHaveLength(1);
    origin.last.reply();
    await asking;
    expect(await warming).toEqual({ result: 'filled' });
  });

  it('that a user asks for meanwhile does not wait behind everybody else any more', async () => {
    const { warm, origin, ask } = kit();
    const warming = warm('/x');
    await settle();
    const { urged } = origin.last.request;
    expect(urged?.aborted).toBe(false);
    const asking = ask('/x');
    await settle();
    expect(urged?.aborted).toBe(true);
    expect(origin.asked).toHaveLength(1);
    origin.last.reply();
    expect((await asking).outcome).toMatchObject({ result: 'miss', collapsed: true });
    await warming;
  });

  it.each([500, 404, 403])(
    'that the origin answers with %i ends, and the next one goes on',
    async (status) => {
      const { warm, origin } = kit();
      const warming = warm('/x');
      await settle();
      origin.last.reply({ status, body: '{"status_code":1}' });
      const warmed = await warming;
      // A 404 is stored like any answer; it saves the origin the next request.
      expect(warmed.result).toBe(status === 404 ? 'filled' : 'errors');
    },
  );

  it('that breaks off is an error', async () => {
    const { warm, origin } = kit();
    const warming = warm('/x');
    await settle();
    origin.last.head();
    await settle();
    origin.last.body.data(Buffer.from('{"id"'));
    await settle();
    origin.last.body.error(new ProxyError('origin_protocol', 'cut off'));
    await settle();
    // It is asked once more, by whoever fetches.
    expect(origin.asked).toHaveLength(2);
    origin.last.fail(new ProxyError('origin_protocol', 'cut off again'));
    expect(await warming).toEqual({ result: 'errors', why: 'cut off again' });
  });
});

describe('an origin that wants to be left alone', () => {
  it('is waited for as long as it says, by all targets, without an error', async () => {
    const { warm, warmer, origin, clock } = kit();
    const one = warm('/one');
    const two = warm('/two');
    await settle();
    expect(origin.asked).toHaveLength(2);
    origin.asked[0]!.fail(new ProxyError('origin_rate_limited', 'wait', { retryAfter: 7 }));
    await settle();
    origin.asked[1]!.reply({ status: 429, headers: ['Retry-After', '3'], body: '{}' });
    const three = warm('/three');
    await settle();
    expect(warmer.waitingFor).toBe('wait');
    clock.advance(6900);
    await settle();
    expect(origin.asked).toHaveLength(2);
    clock.advance(200);
    await settle();
    expect(origin.asked).toHaveLength(5);
    for (const asked of origin.asked.slice(2)) asked.reply();
    expect(await Promise.all([one, two, three])).toEqual(Array(3).fill({ result: 'filled' }));
    expect(warmer.waitingFor).toBeUndefined();
  });

  it.each(['budget_exhausted', 'origin_breaker_open'] as const)('%s is no error either', async (code) => {
    const { warm, origin, clock } = kit();
    const warming = warm('/x');
    await settle();
    origin.last.fail(new ProxyError(code, 'not now', { retryAfter: 2 }));
    await settle();
    clock.advance(2000);
    await settle();
    origin.last.reply();
    expect(await warming).toEqual({ result: 'filled' });
  });

  it('users are not kept from asking by that (nothing is noted against the key)', async () => {
    const { warm, origin, engine, site } = kit();
    void warm('/x').catch(() => {});
    await settle();
    origin.last.fail(new ProxyError('budget_exhausted', 'not now', { retryAfter: 2 }));
    await settle();
    const route = site.route({ method: 'GET', target: '/x', headers: [] });
    expect(route.kind === 'shared' && engine.filler.resting(route)).toBe(false);
  });
});

describe('a stop', () => {
  it('gives up what is in flight at once, and the origin’s request with it', async () => {
    const { warm, origin, stop } = kit();
    const warming = warm('/x');
    await settle();
    stop.abort();
    await expect(warming).rejects.toMatchObject({ code: 'client_closed' });
    await settle();
    expect(origin.last.request.signal.aborted).toBe(true);
  });

  it('ends a wait for the origin', async () => {
    const { warm, origin, stop } = kit();
    const warming = warm('/x');
    await settle();
    origin.last.fail(new ProxyError('origin_rate_limited', 'wait', { retryAfter: 3600 }));
    await settle();
    stop.abort();
    await expect(warming).rejects.toMatchObject({ code: 'client_closed' });
  });
});
