// Three nodes follow the change feed as one; the reader is killed; Redis goes away, and comes back with older data.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type SampleOrigin, startSampleOrigin } from '../../src/demo/index.js';
import { get, json } from '../support/raw-client.js';
import { type RedisServer, startRedis } from '../support/redis-server.js';
import { ADMIN, pause, type Region, startRegion, within } from '../support/region.js';
import { report } from '../support/scenario.js';

const INTERVAL_MS = 3000;
/** The turn of a reader that died ends after 5 s at least. */
const TAKE_OVER_MS = 5000 + 2 * INTERVAL_MS;
let origin: SampleOrigin;
let redis: RedisServer;
let region: Region;

beforeAll(async () => {
  [origin, redis] = await Promise.all([startSampleOrigin({ changesPerDay: 3 }), startRedis()]);
  region = await startRegion(3, origin.url, {
    REDIS_URL: `redis://127.0.0.1:${redis.port}`,
    UPSTREAM_RATE: '200',
    CHANGE_FEED: 'true',
    CHANGE_FEED_INTERVAL: String(INTERVAL_MS / 60_000),
    CHANGE_FEED_TTL: '60',
    JSON_DISK_TTL: '6',
    JSON_MEMORY_TTL: '3',
  });
});
afterAll(async () => {
  await region.stop();
  await redis.stop();
  await origin.close();
});

interface FeedRow {
  readonly healthy: boolean;
  readonly leader: boolean;
  readonly reason: string | null;
  readonly polls: { readonly complete: number };
  readonly gaps: number;
}

const feedOf = async (url: string) => json(await get(`${url}/stats`)).change_feed as FeedRow;
const living: string[] = [];
const feeds = () => Promise.all(living.map(feedOf));
const title = async (url: string, id: number) => String(json(await get(`${url}/3/movie/${id}`)).title);

/** Only a reading can tell of the edit in this time: lifetimes are of minutes. */
async function seenEverywhere(id: number, edition: string, withinMs: number): Promise<number> {
  const edited = Date.now();
  origin.edit('movie', id, { title: edition });
  await within(withinMs, async () => {
    for (const url of living) expect(await title(url, id)).toBe(edition);
  });
  return Date.now() - edited;
}

it('one node reads for all, and an edit reaches the readers of each within a reading', async () => {
  living.push(...region.urls);
  await within(15_000, async () => {
    for (const feed of await feeds()) expect(feed).toMatchObject({ healthy: true, reason: null });
  });
  for (const url of living) await title(url, 550);
  const pages = () => origin.requests.countOf('/3/movie/changes');
  const [readings, asked] = [(await feeds()).map(({ polls }) => polls.complete), pages()];
  const began = Date.now();
  const delays: number[] = [];
  for (let i = 0; i < 3; i++) delays.push(await seenEverywhere(550, `Round ${i}`, INTERVAL_MS + 8000));
  const most = Math.ceil((Date.now() - began) / INTERVAL_MS) + 1;
  const now = await feeds();
  const done = now.map(({ polls }, i) => polls.complete - readings[i]!);
  await report('feed-staleness', {
    interval_ms: INTERVAL_MS,
    edits: delays.length,
    worst_ms: { value: Math.max(...delays), bound: `about ${INTERVAL_MS} + a look of each node` },
    readings: done.reduce((sum, count) => sum + count, 0),
  });
  expect(done.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(most);
  // A reading of one page asks for it once.
  expect(pages() - asked).toBeLessThanOrEqual(most);
}, 60_000);

it('an edit is found although another node fetched the title and the reader never had it', async () => {
  const leads = await feeds();
  const other = living[leads.findIndex(({ leader }) => !leader)]!;
  const path = '/3/tv/7';
  const name = async () => String(json(await get(`${other}${path}`)).name);
  await name();
  await pause(2500); // the note is on its way
  origin.edit('tv', 7, { name: 'Edited' });
  await within(INTERVAL_MS + 8000, async () => expect(await name()).toBe('Edited'));
});

it('the reader is killed: another goes on', async () => {
  const leads = await feeds();
  const at = leads.findIndex(({ leader }) => leader);
  expect(at).toBeGreaterThanOrEqual(0);
  for (const url of living) await title(url, 560);
  process.kill(region.nodes.find(({ url }) => url === living[at])!.pid, 'SIGKILL');
  living.splice(at, 1);
  const delay = await seenEverywhere(560, 'After the reader', TAKE_OVER_MS + 10_000);
  await report('feed-take-over', { edit_seen_after_ms: delay });
  const now = await feeds();
  expect(now.filter(({ leader }) => leader)).toHaveLength(1);
}, 60_000);

it('Redis is gone: nobody reads, and no long lifetime is given any more', async () => {
  await redis.kill();
  await within(20_000, async () => {
    for (const feed of await feeds()) expect(feed.leader).toBe(false);
    expect(json(await get(`${living[0]}/health`)).status).toBe('degraded');
  });
  await pause(3 * INTERVAL_MS);
  const asked = origin.requests.countOf('/3/movie/changes');
  const path = '/3/movie/551?gone=1';
  await get(`${living[0]}${path}`);
  const entry = json(
    await get(`${living[0]}/cache/search?q=${encodeURIComponent('gone=1')}&limit=5`, { headers: ADMIN }),
  );
  const [row] = entry.keys as { ttl: number }[];
  // Six minutes, and not an hour.
  expect(row!.ttl).toBeLessThan(400);
  await pause(2 * INTERVAL_MS);
  expect(origin.requests.countOf('/3/movie/changes')).toBe(asked);
  await redis.restart();
  await within(30_000, async () => {
    for (const feed of await feeds()) expect(feed).toMatchObject({ healthy: true, reason: null });
  });
  await within(10_000, async () =>
    expect(origin.requests.countOf('/3/movie/changes')).toBeGreaterThan(asked),
  );
}, 90_000);

it('Redis restarts from a snapshot: what was cached after it is followed again', async () => {
  // The empty Redis of the test before has been read into, to the end.
  const noted = () => redis.cli('hget', 'tmdb:{bus}:feed:cached:since', 'complete');
  await within(20_000, async () => expect(await noted()).not.toBe(''));
  await redis.cli('save');
  await title(living[0]!, 571);
  await pause(2500); // the note is on its way, and not in the snapshot
  const gaps = async () => (await feeds()).reduce((sum, feed) => sum + feed.gaps, 0);
  const before = await gaps();
  await redis.restart();
  await within(30_000, async () => {
    expect(await gaps()).toBeGreaterThan(before);
    for (const feed of await feeds()) expect(feed).toMatchObject({ healthy: true, reason: null });
  });
  await pause(2 * INTERVAL_MS); // every node has told anew
  await seenEverywhere(571, 'After the snapshot', INTERVAL_MS + 8000);
}, 90_000);
