import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { FakeClock } from '../support/fake-clock.js';
import { gateOf, type TestGate } from '../support/gate.js';
import { Twins } from './twins.js';

const QUIET = 'quiets-key-0123456789';
const TELLING = 'tellings-key-0123456789';
const SLOW = 'slows-key-0123456789';
const NARROW = 'narrows-key-0123456789';
const BRIEF = 'briefs-key-0123456789';
const KEYS = `quiet=${QUIET}
telling=${TELLING};diagnostics
slow=${SLOW};rate=2;burst=3;diagnostics
narrow=${NARROW};classes=image;quota=4
brief=${BRIEF};expires=2026-01-01T00:00:20Z`;

let twins: Twins;
let gates: TestGate[];
afterEach(() => twins.close());

async function open(l2: 'promised' | 'prompt' | 'slow' = 'prompt', ledgerIsNear = true): Promise<void> {
  gates = [];
  const settings = (clock: FakeClock) => {
    const made = gateOf(KEYS, clock, ledgerIsNear);
    gates.push(made);
    return { gate: made.gate };
  };
  twins = await new Twins('tmdb', l2, { settings }).open();
}

const send = (target: string, lines: readonly string[] = [], method = 'GET') =>
  twins.run({
    kind: 'send',
    line: 0,
    bytes: `${[`${method} ${target} HTTP/1.1`, 'Host: a', 'Accept-Encoding: gzip', ...lines].join('\r\n')}\r\n\r\n`,
    cuts: [],
    kept: 1,
  });
const last = () => twins.fast.told.at(-1);

const TARGETS = [
  '/3/movie/0',
  '/3/tv/2?language=de',
  '/3/search/movie?query=1',
  '/t/p/w500/0.jpg',
  '/3/account/1',
  '/3/movie/6',
];
const SHOWN: readonly ((target: string) => [string, string[]])[] = [
  ...[QUIET, TELLING, SLOW, NARROW, BRIEF, 'nobodys-key-0123456789', ''].flatMap((key) => [
    (target: string): [string, string[]] => [
      `${target}${target.includes('?') ? '&' : '?'}api_key=${key}`,
      [],
    ],
    (target: string): [string, string[]] => [target, [`Authorization: Bearer ${key}`]],
  ]),
  (target) => [target, []],
  (target) => [
    `${target}${target.includes('?') ? '&' : '?'}api_key=${QUIET}`,
    ['Authorization: Bearer a.users.token'],
  ],
];

describe('with proxy keys both paths answer alike, count alike and tell the observer alike', () => {
  it.each([
    ['beside its ledger', true],
    ['with its ledger in another process', false],
  ])('whoever asks in whatever order, %s', async (_where, near) => {
    await fc.assert(
      fc
        .asyncProperty(
          fc.array(
            fc.oneof(
              {
                weight: 10,
                arbitrary: fc.record({
                  target: fc.constantFrom(...TARGETS),
                  shown: fc.constantFrom(...SHOWN),
                  again: fc.constantFrom(1, 3),
                  method: fc.constantFrom('GET', 'GET', 'GET', 'GET', 'HEAD'),
                }),
              },
              { weight: 2, arbitrary: fc.record({ ms: fc.constantFrom(1, 400, 999, 1000, 4000) }) },
              { weight: 1, arbitrary: fc.constant('keys' as const) },
              { weight: 1, arbitrary: fc.constant('forget' as const) },
            ),
            { minLength: 4, maxLength: 25 },
          ),
          async (actions) => {
            await open('prompt', near);
            for (const action of actions) {
              if (action === 'keys') for (const { use } of gates) use(KEYS.replace(';rate=2', ';rate=5'));
              else if (action === 'forget') await twins.run({ kind: 'forget' });
              else if ('ms' in action) await twins.run({ kind: 'advance', ms: action.ms });
              else {
                const [target, lines] = action.shown(action.target);
                for (let i = 0; i < action.again; i++) await send(target, lines, action.method);
              }
            }
            expect(gates[0]!.refused).toEqual(gates[1]!.refused);
          },
        )
        .afterEach(() => twins.close()),
      { numRuns: 12 },
    );
    await open();
  });

  it.each([
    ['in the query', `/3/movie/0?api_key=${QUIET}`, []],
    ['as a Bearer', '/3/movie/0', [`Authorization: Bearer ${TELLING}`]],
  ])('a hot request with a key is answered on the socket: %s', async (_where, target, lines) => {
    await open();
    for (let i = 0; i < 3; i++) await send(target, lines);
    expect(twins.fast.hits).toBe(2);
  });

  it('one entry serves all tenants, each told what it may know', async () => {
    await open();
    for (const key of [QUIET, TELLING, QUIET, TELLING, QUIET, TELLING])
      await send(`/3/movie/0?api_key=${key}`);
    expect(twins.fast.origin.asked).toEqual([]); // compared and taken: the first of them was the only one
    expect(twins.fast.hits).toBe(5);
  });

  it('a revoked key is refused with the next request, also where its answer lies ready', async () => {
    await open();
    const target = `/3/movie/0?api_key=${QUIET}`;
    for (let i = 0; i < 3; i++) await send(target);
    const { hits } = twins.fast;
    for (const { use } of gates) use(KEYS.replace(QUIET, 'another-key-0123456789'));
    await send(target);
    expect(twins.fast.hits).toBe(hits);
    expect(gates[1]!.gate.identify({ target, headers: [] }, twins.clock.now())).toMatchObject({
      code: 'proxy_key_unknown',
    });
  });

  it('a limit that is used up ends answers on the socket', async () => {
    await open();
    const target = `/3/movie/0?api_key=${SLOW}`;
    for (let i = 0; i < 6; i++) await send(target);
    expect(twins.fast.hits).toBe(2); // burst 3, of which the first filled
    expect(gates[1]!.refused).toEqual(['slow', 'slow', 'slow']);
    await twins.run({ kind: 'advance', ms: 500 });
    await send(target);
    expect(twins.fast.hits).toBe(3);
    expect(last()).toBeUndefined();
  });
});
