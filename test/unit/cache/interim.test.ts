import { describe, expect, it } from 'vitest';
import type { RequestContext } from '../../../src/cache/engine.js';
import { OriginFetcher } from '../../../src/cache/origin-fetcher.js';
import type { OriginRequest } from '../../../src/origin/source.js';
import { FakeClock, settle } from '../../support/fake-clock.js';
import { ScriptedOrigin } from '../../support/scripted-origin.js';
import { bytesOf, engineKit, plainSite } from './engine-kit.js';
import { letterKit } from './letter-kit.js';

type Told = [status: number, headers: readonly string[]][];

/** A client's request that notes the interim responses it is told of. */
function client(target: string, headers: string[] = []): { context: RequestContext; told: Told } {
  const told: Told = [];
  return {
    told,
    context: {
      request: { method: 'GET', target, headers },
      signal: new AbortController().signal,
      onInfo: (status, fields) => told.push([status, fields]),
    },
  };
}

/** Lets the origin's latest request be answered with an interim response first. */
async function hinted(kit: ReturnType<typeof engineKit>, reply: Parameters<typeof kit.origin.last.reply>[0]) {
  await settle();
  const { onInfo }: OriginRequest = kit.origin.last.request;
  onInfo?.(103, ['Link', '</a>', 'X-Interim', '1']);
  kit.origin.last.reply(reply);
  await settle();
}

const FRESH = { headers: ['Cache-Control', 'max-age=60', 'ETag', '"1"'], body: 'x' };
const HINT: Told = [[103, ['Link', '</a>', 'X-Interim', '1']]];

describe('interim responses of a fill', () => {
  it('reach the client whose request leads it, and nobody who joins', async () => {
    const kit = letterKit();
    const [leader, follower] = [client('/x'), client('/x')];
    const answers = [kit.engine.handle(leader.context), kit.engine.handle(follower.context)];
    await hinted(kit, FRESH);
    for (const answer of answers) await bytesOf(await answer);
    expect([leader.told, follower.told, kit.origin.asked.length]).toEqual([HINT, [], 1]);
  });

  it('are neither stored nor sent with a hit, and leave no field in the entry', async () => {
    const kit = letterKit();
    const first = kit.engine.handle(client('/x').context);
    await hinted(kit, FRESH);
    await bytesOf(await first);
    await settle();
    const hit = client('/x');
    const answer = await kit.engine.handle(hit.context);
    expect([answer.outcome.result, hit.told]).toEqual(['hit', []]);
    expect(answer.kind === 'entry' && answer.entry.headers).not.toContain('X-Interim');
  });

  it.each([
    ['no-cache', 'no-cache', 0],
    ['a stale one', 'max-age=60', 61_000],
  ])('reach the client that waits for a validation: %s', async (_, cacheControl, later) => {
    const kit = letterKit();
    await kit.exchange([], { headers: ['Cache-Control', cacheControl, 'ETag', '"1"'] });
    kit.clock.advance(later);
    const { context, told } = client('/x');
    const answer = kit.engine.handle(context);
    await hinted(kit, { status: 304, headers: ['ETag', '"1"'], body: '' });
    expect((await answer).outcome.forwardStatus).toBe(304);
    expect(told).toEqual(HINT);
  });

  it('of a refresh in the background are nobody’s', async () => {
    const kit = letterKit();
    const headers = ['Cache-Control', 'max-age=1, stale-while-revalidate=60', 'ETag', '"1"'];
    await kit.exchange([], { headers });
    kit.clock.advance(5_000);
    const { context, told } = client('/x');
    expect((await kit.engine.handle(context)).outcome.stale).toBe('while-revalidate');
    await settle();
    expect([kit.origin.asked.length, kit.origin.last.request.onInfo]).toEqual([2, undefined]);
    expect(told).toEqual([]);
  });
});

describe('our own credential', () => {
  const clock = new FakeClock();
  const origin = new ScriptedOrigin(clock);
  const fetcher = new OriginFetcher({
    site: plainSite,
    origin,
    clock,
    maxEntryBytes: 1000,
    inspectMs: 30_000,
    scrub: (headers) => headers.map((part) => part.replace('s3cret', '…')),
    spellsCredential: () => false,
    ownTarget: () => undefined,
    onHealed: () => {},
  });
  const echo = ['Link', '</x?api_key=s3cret>'];

  it.each(['fill', 'pass-through'])('echoed in an interim response of a %s, goes no further', (kind) => {
    const { context, told } = client('/x');
    const common = { signal: context.signal, priority: 'user', onInfo: context.onInfo } as const;
    const route = plainSite.route(context.request);
    if (route.kind !== 'shared') throw new Error(route.kind);
    const { upstream, target, headers } = route;
    const asked =
      kind === 'fill'
        ? fetcher.fetch({
            ...common,
            ...{ route, stored: undefined, stamp: 0, forward: 'uri-miss', alone: false },
            over: Promise.resolve('stored'),
          })
        : fetcher.pass({ ...common, upstream, method: 'GET', target, headers, retryable: true });
    asked.catch(() => {});
    origin.last.request.onInfo?.(103, echo);
    origin.last.fail();
    expect(told).toEqual([[103, ['Link', '</x?api_key=…>']]]);
  });
});

describe('a stale value that stands in', () => {
  it('tells that the origin was asked first', async () => {
    const kit = engineKit();
    const first = kit.ask('/x');
    await settle();
    kit.origin.last.reply();
    await bytesOf(await first);
    await settle();
    kit.clock.advance(100 * 60_000);
    const answer = kit.ask('/x');
    await settle();
    kit.origin.last.fail();
    expect((await answer).outcome).toMatchObject({ stale: 'origin-error', forward: 'stale' });
    // Left alone a moment later: this one did not go forward.
    const { outcome } = await kit.ask('/x');
    expect([outcome.stale, outcome.forward]).toEqual(['not-before', undefined]);
  });
});
