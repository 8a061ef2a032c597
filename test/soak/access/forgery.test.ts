import * as crypto from 'node:crypto';
import fc from 'fast-check';
import { afterAll, expect, it, vi } from 'vitest';
import { createAuth } from '../../../src/admin/auth.js';
import { Brake } from '../../../src/admin/brake.js';
import { Sessions } from '../../../src/dashboard/session.js';
import { TenantGate } from '../../../src/tenants/gate.js';
import { parseKeys } from '../../../src/tenants/keys-file.js';
import { TenantMeter } from '../../../src/tenants/meter.js';
import { keySetOf } from '../../../src/tenants/registry.js';
import { FakeClock } from '../../support/fake-clock.js';
import { PATIENCE_MS } from '../../support/patience.js';
import { Soak } from '../../support/soak.js';
import { adminApp, FakeManagement, NOW, REMOTE } from '../../unit/admin/fakes.js';

vi.mock('node:crypto', async (original) => {
  const real = await original<typeof import('node:crypto')>();
  return { ...real, timingSafeEqual: vi.fn(real.timingSafeEqual) };
});

const soak = new Soak('forgery');
const KEY = 'the-right-admin-key-0123456789';
const compared = vi.mocked(crypto.timingSafeEqual);

afterAll(() => soak.end());

it('proxy keys are compared as digests, once, whatever was sent', () => {
  const clock = new FakeClock();
  const meter = new TenantMeter({ clock, grant: (ask) => ({ given: ask.want, forMs: 1000 }) });
  const gate = new TenantGate({ clock, meter, wrong: () => 0, onRefused: () => {} });
  gate.use(keySetOf(parseKeys(`alice=${KEY}`), 1));
  for (const text of [KEY, KEY.slice(0, -1), 'x', `${KEY}x`]) {
    compared.mockClear();
    gate.identify({ target: `/3/x?api_key=${text}`, headers: [] }, clock.now());
    soak.input('proxy keys');
    expect(compared).toHaveBeenCalledTimes(1);
    expect(compared.mock.calls[0]!.map((digest) => (digest as Buffer).length)).toEqual([32, 32]);
  }
});

it('keys of every length are compared as digests, all of them, whichever is right', async () => {
  const key = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.nat(KEY.length).map((length) => KEY.slice(0, length)),
    fc.constant(KEY),
  );
  await soak.property(
    100,
    0.2,
    fc.asyncProperty(key, key, async (apiKey, bearer) => {
      const auth = createAuth({ apiKey: KEY, brake: new Brake({ steady: () => NOW }) });
      const authorization = `Bearer ${bearer}`;
      compared.mockClear();
      const refused = auth({ apiKey, authorization, hostname: 'proxy.example', crossSite: false }, REMOTE);
      soak.input('pairs of admin keys');
      const sent = /^Bearer +(\S.*)$/.exec(authorization.trim())?.[1];
      expect(refused === undefined).toBe(apiKey === KEY || sent === KEY);
      // The same key in both fields is one.
      expect(compared).toHaveBeenCalledTimes(sent === undefined || sent === apiKey ? 1 : 2);
      for (const [one, other] of compared.mock.calls)
        expect([one.byteLength, other.byteLength]).toEqual([32, 32]);
    }),
  );
});

it('no change of a session’s cookie makes another session of it', async () => {
  const sessions = new Sessions(KEY, { now: () => NOW });
  const { token } = await sessions.open();
  const characters = fc.constantFrom(...'ABCxyz019-_.=', '\0', ' ');
  await soak.property(
    200,
    0.3,
    fc.asyncProperty(
      fc.nat(token.length),
      fc.nat(3),
      fc.array(characters, { maxLength: 3 }),
      async (at, cut, put) => {
        const forged = token.slice(0, at) + put.join('') + token.slice(at + cut);
        soak.input('forged sessions');
        const session = await sessions.read(forged);
        // The last character of a signature has two bits that say nothing.
        const same =
          forged === token || (forged.length === token.length && forged.slice(0, -1) === token.slice(0, -1));
        if (!same) expect(session, forged).toBeUndefined();
      },
    ),
  );
  expect(await sessions.read(token)).toBeDefined();
});

it('with somebody’s cookie another site’s page changes nothing, whatever it sends (CSRF)', async () => {
  const management = new FakeManagement();
  const app = adminApp(management, { apiKey: KEY, from: REMOTE });
  const base = 'http://proxy.example';
  const login = await app.request(`${base}/dashboard/login`, {
    method: 'POST',
    headers: { 'sec-fetch-site': 'same-origin' },
    body: new URLSearchParams({ key: KEY }).toString(),
  });
  const cookie = login.headers.get('set-cookie')!.split(';')[0]!;
  const origins = [
    'null',
    base,
    'https://proxy.example',
    'http://proxy.example:81',
    'http://proxy.example.evil.example',
    'http://evil.example',
    'http://proxy.example@evil.example',
    '',
    'proxy.example',
  ]; // prettier-ignore
  const ours = { 'content-type': undefined, 'sec-fetch-site': undefined, origin: undefined };
  await soak.property(
    150,
    0.3,
    fc.asyncProperty(
      fc.constantFrom(
        '/dashboard/api/cache/clear',
        '/dashboard/api/cache/purge',
        '/cache/clear',
        '/cache/purge',
      ),
      fc.constantFrom(undefined, 'same-origin', 'same-site', 'cross-site', 'none', 'Same-Origin'),
      fc.constantFrom(undefined, ...origins),
      fc.constantFrom(
        undefined,
        'text/plain',
        'application/x-www-form-urlencoded',
        'multipart/form-data',
        'application/json',
      ),
      async (path, site, origin, type) => {
        const given = { ...ours, 'sec-fetch-site': site, origin, 'content-type': type };
        const headers = Object.entries(given).filter(
          (entry): entry is [string, string] => entry[1] !== undefined,
        );
        const before = management.cleared.length + management.purged.length;
        const { status } = await soak.timed(() =>
          app.request(base + path, {
            method: 'POST',
            headers: [['cookie', cookie], ['host', 'proxy.example'], ...headers],
            body: '{"tags":["movie:1"]}',
          }),
        );
        soak.input('requests of other sites with a cookie');
        const page = path.startsWith('/dashboard/');
        // Where TLS ends in front of us the page is on https and we are not told.
        const allowed =
          page &&
          (site === undefined ? /^https?:\/\/proxy\.example$/.test(origin ?? '') : site === 'same-origin');
        if (allowed) return;
        expect(status).toBe(page ? 403 : 401);
        expect(management.cleared.length + management.purged.length).toBe(before);
      },
    ),
  );
  expect(soak.longestStallMs).toBeLessThan(PATIENCE_MS);
});
