import { describe, expect, it } from 'vitest';
import type { Coverage } from '../../../src/cache/coverage.js';
import { settle } from '../../support/fake-clock.js';
import { bytesOf, engineKit, type KitOverrides } from './engine-kit.js';

const HOUR = 3_600_000;

async function filled(overrides: KitOverrides, reply = {}) {
  const kit = engineKit(overrides);
  const answer = kit.ask('/x');
  await settle();
  kit.origin.last.reply(reply);
  const body = await bytesOf(await answer);
  await settle();
  return { ...kit, body };
}

describe('lifetimes beyond the class table', () => {
  let believed = Number.POSITIVE_INFINITY;
  const coverage: Coverage = { lifetimeOf: () => 50 * HOUR, staleSince: () => believed };

  it('are given where they are covered, and end when the cover does', async () => {
    believed = Number.POSITIVE_INFINITY;
    const { ask, clock, engine, site } = await filled({ coverage });
    const route = site.route({ method: 'GET', target: '/x', headers: [] });
    if (route.kind !== 'shared') throw new Error(route.kind);
    const fresh = () => engine.lookup.fresh(route, clock.now());
    expect(fresh()).toMatchObject({ tier: 'memory' });
    believed = clock.now() + 1;
    expect(fresh()).toMatchObject({ tier: 'memory' });
    believed = clock.now();
    expect(fresh()).toBeUndefined();
    believed = Number.POSITIVE_INFINITY;
    await clock.advance(40 * HOUR);
    expect((await ask('/x')).outcome).toMatchObject({ result: 'hit' });
    believed = clock.now() - 1;
    expect((await ask('/x')).outcome).toMatchObject({ result: 'stale', stale: 'while-revalidate' });
  });

  it('a soft purge still ends them', async () => {
    believed = Number.POSITIVE_INFINITY;
    const { ask, clock, purge } = await filled({ coverage });
    await clock.advance(HOUR);
    purge({ kind: 'key', name: '/x' }, true);
    expect((await ask('/x')).outcome).toMatchObject({ result: 'stale' });
  });

  it('a confirmed entry gets one anew', async () => {
    believed = Number.POSITIVE_INFINITY;
    const { ask, clock, origin } = await filled({ coverage });
    await clock.advance(56 * HOUR);
    const late = ask('/x');
    await settle();
    origin.last.reply({ status: 304, body: '' });
    expect((await late).outcome).toMatchObject({ forwardStatus: 304 });
    await clock.advance(40 * HOUR);
    expect((await ask('/x')).outcome).toMatchObject({ result: 'hit' });
  });
});

it('whoever counts what is cached hears of an entry before L2 has it, and L2 waits for what that takes', async () => {
  const kept: string[] = [];
  let noted = () => {};
  const onKept = ({ key }: { key: string }) => {
    kept.push(key);
    return new Promise<void>((resolve) => {
      noted = resolve;
    });
  };
  const kit = await filled({ onKept });
  expect(kept).toEqual(['/x']);
  expect(kit.l2.peek('/x')).toBeUndefined();
  // Nobody else waits.
  expect((await kit.ask('/x')).outcome).toMatchObject({ result: 'hit', served: 'memory' });
  noted();
  await settle();
  expect(kit.l2.peek('/x')).toBeDefined();
});

describe('what the site puts in place of a response', () => {
  const instead = {
    status: 404,
    statusText: 'Not Found',
    headers: ['Content-Type', 'application/json'],
    body: Buffer.from('{"status_code":34}'),
  };
  const html = { headers: ['Content-Type', 'text/html'], body: '<html>' };

  it('is stored and served as if the origin had sent it', async () => {
    const kit = await filled(
      { site: { instead: (_route, status) => (status === 200 ? instead : undefined) } },
      html,
    );
    expect(kit.body).toBe('{"status_code":34}');
    const again = await kit.ask('/x');
    expect(again).toMatchObject({ kind: 'entry', entry: { status: 404, class: 'negative' } });
    expect(again.outcome.result).toBe('hit');
  });

  it('by the letter nothing is replaced', async () => {
    const kit = await filled({ site: { ttlPolicy: 'origin', instead: () => instead } }, html);
    expect(kit.body).toBe('<html>');
  });
});
