import { describe, expect, it } from 'vitest';
import type { Fetched } from '../../../src/cache/fetcher.js';
import type { SharedRoute } from '../../../src/cache/site.js';
import { CoreFetcher } from '../../../src/cluster/core-fetcher.js';
import { settle } from '../../support/fake-clock.js';
import type { Reply } from '../../support/scripted-origin.js';
import { engineKit } from '../cache/engine-kit.js';
import { letterKit } from '../cache/letter-kit.js';

type Kit = Pick<ReturnType<typeof engineKit>, 'engine' | 'fetcher' | 'purges' | 'clock' | 'site' | 'origin'>;

/** What the core is asked by a worker that has something to fall back on. */
function fillOf(kit: Kit, signal = new AbortController().signal): Promise<Fetched> {
  const { lookup, filler } = kit.engine;
  const core = new CoreFetcher({ ...kit, lookup, filler, replaced: () => {} });
  const route = kit.site.route({ method: 'GET', target: '/x', headers: [] }) as SharedRoute;
  const request = { kind: 'fill', route, storedAt: 1, priority: 'user', forward: 'stale' } as const;
  return core.fill({ ...request, standIn: true, interim: false }, signal);
}

const JSON_TYPE = ['Content-Type', 'application/json'];

describe('I-10: the core leaves an origin alone for all workers', () => {
  it.each<[what: string, reply: Reply]>([
    ['an error', { status: 503, headers: JSON_TYPE, body: '{}' }],
    ['an error envelope with status 200', { headers: JSON_TYPE, body: '{"success":false}' }],
    [
      'a body that is not coded as it says',
      { headers: [...JSON_TYPE, 'Content-Encoding', 'gzip'], body: Buffer.from([31, 139, 8, 1, 2, 3]) },
    ],
  ])('that has sent %s', async (_what, reply) => {
    const kit = engineKit();
    const filling = fillOf(kit);
    await settle();
    kit.origin.last.reply(reply);
    const fetched = await filling;
    if (fetched.kind === 'uncacheable') fetched.body.start({ data() {}, end() {}, error() {} });
    await settle();
    await expect(fillOf(kit)).rejects.toMatchObject({ code: 'origin_unreachable' });
    expect(kit.origin.asked).toHaveLength(1);
  });

  it.each([
    ['by the table', () => engineKit()],
    ['by the letter', () => letterKit()],
  ])('whose body has broken off, %s', async (_how, kitOf) => {
    const kit = kitOf();
    const filling = fillOf(kit);
    await settle();
    kit.origin.last.head({ headers: ['Content-Type', 'image/png', 'Cache-Control', 'max-age=60'] });
    kit.origin.last.body.data(Buffer.from('\x89PNG\r\n\x1a\n and a beginning'));
    const fetched = await filling;
    if (fetched.kind !== 'storable') throw new Error(fetched.kind);
    fetched.body.start({ data() {}, end() {}, error() {} });
    await settle();
    kit.origin.last.body.error(new Error('cut off'));
    await settle();
    await expect(fillOf(kit)).rejects.toMatchObject({ code: 'origin_unreachable' });
    expect(kit.origin.asked).toHaveLength(1);
  });

  it('but not because a client has left', async () => {
    const kit = letterKit();
    const filling = fillOf(kit);
    await settle();
    kit.origin.last.head({ headers: ['Cache-Control', 'max-age=60'] });
    const fetched = await filling;
    if (fetched.kind !== 'storable') throw new Error(fetched.kind);
    fetched.body.start({ data() {}, end() {}, error() {} });
    fetched.body.cancel();
    await settle();
    const route = kit.site.route({ method: 'GET', target: '/x', headers: [] }) as SharedRoute;
    expect(kit.engine.filler.resting(route)).toBe(false);
    expect(kit.origin.last.body.cancelled).toBe(false);
  });
});
