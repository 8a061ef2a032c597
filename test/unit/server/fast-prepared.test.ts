import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Found } from '../../../src/cache/lookup.js';
import { storedOutcome } from '../../../src/cache/stored-outcome.js';
import { notModifiedHeaders } from '../../../src/http/validation.js';
import { EntryFields } from '../../../src/server/entry-fields.js';
import { IdentityBodies } from '../../../src/server/identity-bodies.js';
import { type Asked, PreparedResponses } from '../../../src/server/prepared.js';
import type { ServerSettings } from '../../../src/server/settings.js';
import type { Entry } from '../../../src/tiers/entry.js';
import { FakeClock } from '../../support/fake-clock.js';
import { entryOf, gzipEntry, outgoingOf, SITE } from './helpers.js';

const ID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/;
const ids = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

function kit(maxBytes = 1_000_000) {
  const clock = new FakeClock();
  const settings: ServerSettings = {
    site: SITE,
    clock,
    serverId: 'node-1',
    version: '9.9.9',
    cors: true,
    maxEntryBytes: 1_000_000,
    identityBytes: 1_000_000,
    isReady: () => true,
    clientAddress: () => 'client',
    observer: { request: () => {}, hit: () => {}, decoded: () => {}, failure: () => {} },
    outgoing: outgoingOf(),
  };
  const fields = new EntryFields(settings);
  let made = 0;
  const identities = new IdentityBodies(1_000_000, () => {
    made += 1;
  });
  return {
    clock,
    settings,
    fields,
    identities,
    made: () => made,
    prepared: new PreparedResponses(settings, { fields, identities }, maxBytes),
  };
}

const found = (entry: Entry): Found => ({ entry, tier: 'memory', staleSince: Number.POSITIVE_INFINITY });
const asked = (entry: Entry, over: Partial<Asked> = {}): Asked => ({
  key: entry.key,
  takesGzip: true,
  ifNoneMatch: undefined,
  ...over,
});

/** A client's connection whose bytes leave at once, or not before it is told. */
class Sink {
  readonly written: Buffer[] = [];
  writableLength = 0;
  stuck = false;

  cork(): void {}
  uncork(): void {}
  readonly #told: (() => void)[] = [];

  write(bytes: Buffer, told?: () => void): boolean {
    this.written.push(bytes);
    if (this.stuck) this.writableLength += bytes.length;
    if (told !== undefined) this.#told.push(told);
    return !this.stuck;
  }
  drain(): void {
    this.writableLength = 0;
    for (const told of this.#told.splice(0)) told();
  }
  get text(): string {
    return Buffer.concat(this.written).toString('latin1');
  }
  get socket(): Socket {
    return this as unknown as Socket;
  }
}

function sent(ready: { send(socket: Socket, id: string): void } | undefined, id = ids(1)): string {
  const sink = new Sink();
  ready!.send(sink.socket, id);
  return sink.text;
}

describe('a prepared response', () => {
  it.each<[string, Entry, Partial<Asked>]>([
    ['as stored', entryOf('hello'), {}],
    ['gzip', gzipEntry(), {}],
    ['without a body', entryOf(''), {}],
    ['204', entryOf('', { status: 204, statusText: 'No Content' }), {}],
    ['404 with an odd text', entryOf('no', { status: 404, statusText: 'Nicht gef\u00fcnden' }), {}],
    ['no text', entryOf('no', { statusText: '' }), {}],
    [
      'odd values',
      entryOf('x', { headers: ['X-A', 'caf\u00e9', 'x-a', '', 'Date', 'Thu, 01 Jan 2026 00:00:00 GMT'] }),
      {},
    ],
    ['304', entryOf('hello'), { ifNoneMatch: '"abc"' }],
    ['304 of gzip', gzipEntry(), { ifNoneMatch: 'W/"abc"' }],
    ['another condition', entryOf('hello'), { ifNoneMatch: '"other"' }],
  ])('is byte for byte what node:http sends for the same fields: %s', async (_what, entry, over) => {
    const { prepared, fields, settings, clock } = kit();
    const now = clock.now();
    const status = sent(prepared.of(found(entry), asked(entry, over), now)).slice(9, 12);
    const outcome = storedOutcome(found(entry), entry, now);
    const told = { settings, headers: [], outcome, requestId: ids(1), startedAt: now };
    const form = entry.coding === 'gzip' ? 'gzip' : 'asStored';
    const base = status === '304' ? notModifiedHeaders(fields.lasting(entry, form)) : undefined;
    const headers = fields.full(entry, form, told, base);
    const bodiless = status === '304' || entry.status === 204;
    if (!bodiless) headers.push('Content-Length', String(entry.body.length));
    const server = createServer({ keepAliveTimeout: 75_000 }, (_incoming, response) => {
      response.writeHead(Number(status), status === '304' ? 'Not Modified' : entry.statusText, headers);
      response.end(bodiless ? undefined : entry.body);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
    client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    const mine = [1, 2, 3].map(() => sent(prepared.of(found(entry), asked(entry, over), now)));
    let theirs = '';
    while (theirs.length < mine[0]!.length)
      theirs += ((await once(client, 'data'))[0] as Buffer).toString('latin1');
    client.destroy();
    server.close();
    // The first apart from its body, the others in one piece with it.
    expect(mine).toEqual([theirs, theirs, theirs]);
  });

  it.each([
    [0, 3_600_000, 900_000],
    [2_500, 7_001, 3_333],
    [999, 5_999, 5_999],
    [1_000.5, 4_000.25, 1_500],
    [0, 1, 1],
    [60_000, 63_777, 1],
  ])(
    'has its numbers tick when those of the ordinary path do: age %d, lifetime %d, in memory %d',
    (age, lifetime, memoryFor) => {
      const { prepared, fields, settings, clock } = kit();
      const entry = entryOf('hello', { storedAt: clock.now(), ageAtStore: age, lifetime, memoryFor });
      for (let ms = 0; ms < Math.min(5000, lifetime - age); ms += 1) {
        const now = clock.now();
        const outcome = storedOutcome(found(entry), entry, now);
        const told = { settings, headers: [], outcome, requestId: ids(1), startedAt: now };
        const expected = fields.full(entry, 'asStored', told);
        const lines = sent(prepared.of(found(entry), asked(entry), now))
          .split('\r\n')
          .slice(1, 1 + expected.length / 2);
        const got = lines.flatMap((line) => [
          line.slice(0, line.indexOf(':')),
          line.slice(line.indexOf(':') + 2),
        ]);
        if (got.join('\n') !== expected.join('\n')) expect([ms, got]).toEqual([ms, expected]);
        clock.advance(1);
      }
    },
  );

  it('is not touched while an answer of its bytes is still on its way', () => {
    const { prepared, clock } = kit();
    const entry = entryOf('hello');
    const answer = () => prepared.of(found(entry), asked(entry), clock.now())!;
    sent(answer());
    const slow = new Sink();
    slow.stuck = true;
    answer().send(slow.socket, ids(7));
    const before = slow.text;
    for (let n = 10; n < 20; n++) {
      expect(sent(answer(), ids(n))).toMatch(new RegExp(`X-Request-Id: ${ids(n)}\r\n`));
      clock.advance(700);
    }
    expect(slow.text).toBe(before);
    expect(ID.exec(before)?.[0]).toBe(ids(7));
  });

  it('is in one piece again when a slow client has taken its copy of the body, of which there is one at most', () => {
    const { prepared, clock } = kit();
    const entry = entryOf('hello');
    const pieces = (sink = new Sink()) => {
      prepared.of(found(entry), asked(entry), clock.now())!.send(sink.socket, ids(1));
      return sink.written.filter(({ length }) => length > 0).length;
    };
    expect([pieces(), pieces()]).toEqual([2, 1]);
    const slow = new Sink();
    slow.stuck = true;
    pieces(slow);
    for (let i = 0; i < 3; i++) {
      expect(pieces()).toBe(2);
      clock.advance(1000);
    }
    slow.drain();
    clock.advance(1000);
    expect([pieces(), pieces()]).toEqual([1, 1]);
  });

  it('tells of an answer that had to wait for how long, and of no other', () => {
    const { prepared, clock } = kit();
    const entry = entryOf('hello');
    const took = (startedAt?: number) =>
      /total;dur=(\d+)/.exec(sent(prepared.of(found(entry), asked(entry), clock.now(), startedAt)))?.[1];
    const condition = { ifNoneMatch: '"abc"' };
    const conditional = (startedAt?: number) =>
      /^HTTP\/1\.1 304 [\s\S]*total;dur=(\d+)/.exec(
        sent(prepared.of(found(entry), asked(entry, condition), clock.now(), startedAt)),
      )?.[1];
    expect([took(), took(clock.now() - 50), took()]).toEqual(['0', '50', '0']);
    expect([conditional(), conditional(clock.now() - 7), conditional()]).toEqual(['0', '7', '0']);
  });

  it('never gives the bytes of an entry that another has replaced under its key', () => {
    const { prepared, clock } = kit();
    for (const body of ['one', 'two', 'three']) {
      const entry = entryOf(body);
      for (let i = 0; i < 3; i++) {
        expect(sent(prepared.of(found(entry), asked(entry), clock.now()))).toMatch(
          new RegExp(`\r\n\r\n${body}$`),
        );
      }
    }
  });

  it('waits for the ordinary path to have decoded what a client takes in no coding', async () => {
    const { prepared, identities, clock } = kit();
    const entry = gzipEntry({ body: gzipSync(`{"title":"${'Fight Club'.repeat(4000)}"}`) });
    const identity = asked(entry, { takesGzip: false });
    expect(prepared.of(found(entry), identity, clock.now())).toBeUndefined();
    await identities.of(entry);
    expect(sent(prepared.of(found(entry), identity, clock.now()))).toMatch(/"title":"Fight ClubFight/);
    expect(sent(prepared.of(found(entry), asked(entry), clock.now()))).toMatch(/Content-Encoding: gzip/);
  });

  it('decodes no body for a 304, and copies none', () => {
    const { prepared, clock } = kit();
    const entry = gzipEntry();
    const first = sent(prepared.of(found(entry), asked(entry, { takesGzip: false }), clock.now()));
    const ifNoneMatch = /^ETag: ([^\r]+)/im.exec(first)![1]!;
    const { prepared: fresh, made } = kit();
    const request = asked(entry, { takesGzip: false, ifNoneMatch });
    for (let i = 0; i < 3; i++)
      expect(sent(fresh.of(found(entry), request, clock.now()))).toMatch(/^HTTP\/1\.1 304 /);
    expect(made()).toBe(0);
    expect(fresh.bytes).toBeLessThan(10_000);
  });

  it.each([
    ['Connection', 'close'],
    ['Transfer-Encoding', 'chunked'],
    ['Keep-Alive', 'timeout=1'],
    ['X-Bad', 'a\r\nb'],
    ['X Bad', 'a'],
  ])('is not made of what node:http would read or refuse: %s', (name, value) => {
    const { prepared, clock } = kit();
    const entry = entryOf('x', { headers: [name, value] });
    expect(prepared.of(found(entry), asked(entry), clock.now())).toBeUndefined();
  });

  it('keeps no more than it may', () => {
    const { prepared, clock } = kit(10_000);
    for (let round = 0; round < 3; round++) {
      for (let n = 0; n < 20; n++) {
        const entry = entryOf(`body ${n} `.repeat(200), { key: `k${n}` });
        expect(sent(prepared.of(found(entry), asked(entry), clock.now()))).toContain(`body ${n} `);
        expect(prepared.bytes).toBeLessThanOrEqual(10_000);
      }
    }
  });

  it('what is written apart from its head is the body of the entry, not a copy', () => {
    const { prepared, clock } = kit();
    const entry = entryOf('x'.repeat(200_000));
    for (let i = 0; i < 3; i++) prepared.of(found(entry), asked(entry), clock.now());
    expect(prepared.bytes).toBeLessThan(10_000);
  });
});
