import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it, vi } from 'vitest';
import type { Fetched } from '../../../src/cache/fetcher.js';
import { inflated } from '../../../src/cache/inflate.js';
import { type Made, make } from '../../../src/cache/made.js';
import type { SharedRoute } from '../../../src/cache/site.js';
import { settle } from '../../support/fake-clock.js';
import { bytesOf, engineKit, plainSite } from './engine-kit.js';

const JSON_FIELDS = ['Content-Type', 'application/json'];
const json = (bytes: number) => Buffer.from(`{"id":550,"overview":"${'a film '.repeat(bytes / 7)}"}`);

describe('what is made of a complete body', () => {
  const route = plainSite.route({ method: 'GET', target: '/x', headers: [] }) as SharedRoute;
  const head = async (headers = JSON_FIELDS) => {
    const kit = engineKit();
    const answer = kit.ask('/x');
    await settle();
    kit.origin.last.reply({ headers });
    const arriving = await answer;
    if (arriving.kind !== 'arriving') throw new Error(arriving.kind);
    return arriving.head;
  };

  it.each([1100, 4000, 5000, 300_000])(
    'JSON of %i bytes is stored compressed and decodes to itself',
    async (bytes) => {
      const made = await make(plainSite, route, await head(), json(bytes));
      expect(made).toMatchObject({ coding: 'gzip', recoded: true });
      expect(gunzipSync(made.body!).equals(json(bytes))).toBe(true);
    },
  );

  it('what is too small, forbidden to be transformed, coded already or no text stays as it came', async () => {
    const asItCame = { recoded: false, body: undefined };
    const at = async (headers: string[], body: Buffer) => make(plainSite, route, await head(headers), body);
    expect(await at(JSON_FIELDS, json(500))).toMatchObject({ coding: 'identity', ...asItCame });
    expect(await at([...JSON_FIELDS, 'Cache-Control', 'no-transform'], json(9000))).toMatchObject(asItCame);
    expect(await at(['Content-Type', 'image/png'], json(9000))).toMatchObject(asItCame);
    const coded = { ...(await head()), coding: 'gzip' as const };
    expect(await make(plainSite, route, coded, json(9000))).toMatchObject({ coding: 'gzip', ...asItCame });
  });

  it('tags from the body join those of the route, each once', async () => {
    const site = { ...plainSite, tagsOf: () => ['movie:550', 'tag:/x'] };
    expect((await make(site, route, await head(), json(100))).tags).toEqual(['tag:/x', 'movie:550']);
  });
});

describe('a miss', () => {
  it.each([
    ['plain', json(9000), JSON_FIELDS],
    ['gzip', gzipSync(json(9000)), [...JSON_FIELDS, 'Content-Encoding', 'gzip']],
  ])('looks at a body once, when it comes %s', async (_, body, headers) => {
    const inspect = vi.fn(() => undefined);
    const kit = engineKit({ site: { inspect } });
    const answer = kit.ask('/x');
    await settle();
    kit.origin.last.reply({ headers, body });
    const arriving = await answer;
    if (arriving.kind !== 'arriving') throw new Error(arriving.kind);
    const [bytes, entry] = await Promise.all([bytesOf(arriving), arriving.whole()]);
    expect(bytes).toBe(body.toString());
    expect(entry?.coding).toBe('gzip');
    expect(gunzipSync(entry!.body)).toEqual(json(9000));
    expect(inspect).toHaveBeenCalledTimes(1);
  });

  const fetchedFrom = (making: Promise<Made | undefined>) => {
    const inspect = vi.fn(plainSite.inspect);
    const kit = engineKit({
      site: { inspect },
      wrap: (inner) => ({
        pass: (request) => inner.pass(request),
        fetch: async (job): Promise<Fetched> => {
          const fetched = await inner.fetch(job);
          inspect.mockClear(); // what the core did is not this process's work
          return fetched.kind === 'storable' ? { ...fetched, making } : fetched;
        },
      }),
    });
    return { ...kit, inspect };
  };

  it('a worker keeps what the core made of a body, without looking at it or coding it again', async () => {
    const body = Buffer.from('coded by the core');
    const made: Made = { tags: ['from-the-core'], coding: 'gzip', recoded: true, body };
    const kit = fetchedFrom(Promise.resolve(made));
    const answer = kit.ask('/x');
    await settle();
    kit.origin.last.reply({ headers: JSON_FIELDS, body: json(9000) });
    const arriving = await answer;
    if (arriving.kind !== 'arriving') throw new Error(arriving.kind);
    expect(await arriving.whole()).toMatchObject({ ...made });
    expect(kit.inspect).not.toHaveBeenCalled();
  });

  it('a worker whose core made nothing of a body judges it itself', async () => {
    const kit = fetchedFrom(Promise.resolve(undefined));
    const answer = kit.ask('/x');
    await settle();
    kit.origin.last.reply({ headers: JSON_FIELDS, body: json(9000) });
    const arriving = await answer;
    if (arriving.kind !== 'arriving') throw new Error(arriving.kind);
    expect(await arriving.whole()).toMatchObject({ coding: 'gzip', recoded: true });
    expect(kit.inspect).toHaveBeenCalledTimes(1);
  });

  it('a purge while the core is at it keeps the answer out (I-2)', async () => {
    let done!: (made: Made) => void;
    const kit = fetchedFrom(new Promise((resolve) => (done = resolve)));
    const answer = kit.ask('/x');
    await settle();
    kit.origin.last.reply({ headers: JSON_FIELDS, body: json(9000) });
    const arriving = await answer;
    if (arriving.kind !== 'arriving') throw new Error(arriving.kind);
    const whole = arriving.whole();
    await settle();
    kit.purge({ kind: 'tag', name: 'found-in-the-body' });
    done({ tags: ['found-in-the-body'], coding: 'identity', recoded: false, body: undefined });
    expect(await whole).toBeUndefined();
    expect(kit.memory.peek('/x')).toBeUndefined();
  });
});

describe('a gzip body is inflated', () => {
  it.each([0, 10, 20_000, 32_768, 32_769, 500_000])('to the %i bytes it came from', async (bytes) => {
    const plain = Buffer.alloc(bytes, 'film');
    expect((await inflated(gzipSync(plain)))?.equals(plain)).toBe(true);
  });

  it('also when its trailer lies or several members follow each other', async () => {
    const large = Buffer.alloc(500_000, 'film');
    const members = Buffer.concat([gzipSync(large), gzipSync(Buffer.from('end'))]);
    const whole = Buffer.concat([large, Buffer.from('end')]);
    expect((await inflated(members))?.equals(whole)).toBe(true);
  });

  it('to nothing when it is damaged, cut or no gzip', async () => {
    const small = gzipSync(Buffer.alloc(2000, 'film'));
    const large = gzipSync(Buffer.alloc(500_000, 'film'));
    const bad = [
      small.subarray(0, -9),
      large.subarray(0, -9),
      Buffer.from('plain'),
      Buffer.alloc(0),
      Buffer.alloc(40, 9),
    ];
    for (const bytes of bad) expect(await inflated(bytes)).toBeUndefined();
  });
});
