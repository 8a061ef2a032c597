import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressesOf, requestsOf } from './requests.js';
import type { SharedTier, SiteName } from './side.js';
import { type Action, Twins } from './twins.js';

/** `FUZZ_REQUESTS=300000 FUZZ_SEED=1 npx vitest run --project tests test/fast-path/fuzz.test.ts` */
const REQUESTS = Number(process.env.FUZZ_REQUESTS ?? 5_000);
const SEED = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 31);
/** Sendings in one scenario, on average; each is one to a few requests. */
const SENDINGS = 13;

const share = fc.double({ min: 0, max: 1, noNaN: true });
const line = fc.nat(2);

/** The first of three connections is mostly for plain requests: after the first other one it is node:http's alone. */
function sending(addresses: readonly string[]): fc.Arbitrary<Action> {
  const { plain, other } = requestsOf(addresses);
  const any = fc.oneof(plain, other);
  const whole = (line: fc.Arbitrary<number>, bytes: fc.Arbitrary<string>): fc.Arbitrary<Action> =>
    fc.record({ kind: fc.constant('send'), line, bytes, cuts: fc.constant([]), kept: fc.constant(1) });
  const torn: fc.Arbitrary<Action> = fc.record({
    kind: fc.constant('send'),
    line,
    bytes: fc.array(any, { minLength: 1, maxLength: 4 }).map((list) => list.join('')),
    cuts: fc.array(share, { maxLength: 3 }),
    kept: fc.oneof({ weight: 4, arbitrary: fc.constant(1) }, { weight: 1, arbitrary: share }),
    turns: fc.constantFrom(undefined, undefined, 1, 2, 5),
  });
  return fc.oneof(
    { weight: 8, arbitrary: whole(fc.constant(0), plain) },
    { weight: 3, arbitrary: whole(line, any) },
    { weight: 1, arbitrary: torn },
  );
}

function between(addresses: readonly string[]): fc.Arbitrary<Action> {
  const of = fc.constantFrom(...addresses);
  return fc.oneof(
    fc.record({
      kind: fc.constant('advance' as const),
      ms: fc.constantFrom(1, 400, 999, 1000, 1001, 2500, 5000, 15_500, 21_000, 61_000),
    }),
    fc.record({ kind: fc.constant('advance' as const), ms: fc.nat(3000) }),
    fc.record({
      kind: fc.constant('purge' as const),
      scope: fc.constantFrom('all', 'key', 'path', 'prefix', 'tag', 'class'),
      of,
      soft: fc.boolean(),
    }),
    fc.record({ kind: fc.constant('change' as const), of }),
    fc.constant<Action>({ kind: 'forget' }),
    fc.record({ kind: fc.constantFrom('half-close' as const, 'abandon' as const), line }),
  );
}

/** Now and then a node that drains: for the rest of the scenario, which is how it goes. */
const draining: fc.Arbitrary<Action[]> = fc.oneof(
  { weight: 9, arbitrary: fc.constant<Action[]>([]) },
  { weight: 1, arbitrary: fc.constant<Action[]>([{ kind: 'ready', ready: false }]) },
);

/** Now and then a Node without what one-buffer.ts sets. */
const usualReads = fc.oneof(
  { weight: 9, arbitrary: fc.constant(false) },
  { weight: 1, arbitrary: fc.constant(true) },
);

function scenario(site: SiteName): fc.Arbitrary<Action[]> {
  return addressesOf(site).chain((addresses) => {
    const some = (max: number) =>
      fc.array(
        fc.oneof({ weight: 7, arbitrary: sending(addresses) }, { weight: 1, arbitrary: between(addresses) }),
        { maxLength: max, size: 'max' },
      );
    return fc.tuple(some(44), draining, some(4)).map((parts) => parts.flat());
  });
}

describe('a listener with the fast path and one without', () => {
  const variants: [SiteName, SharedTier][] = [
    ['tmdb', 'promised'],
    ['tmdb', 'prompt'],
    ['tmdb', 'slow'],
    ['letter', 'promised'],
    ['letter', 'prompt'],
    ['letter', 'slow'],
  ];

  let sent = 0;
  let answered = 0;

  it.each(variants)(
    'answer every client alike, tell the observer and ask the origin alike: %s, L2 %s',
    { timeout: 3_600_000 },
    async (site, l2) => {
      let requests = 0;
      let hits = 0;
      const alike = fc.asyncProperty(scenario(site), usualReads, async (actions, reads) => {
        const twins = await new Twins(site, l2, { usualReads: reads }).open();
        try {
          for (const action of actions) await twins.run(action);
        } finally {
          await twins.close();
        }
        requests += twins.requests;
        hits += twins.fast.hits;
      });
      const numRuns = Math.ceil(REQUESTS / variants.length / SENDINGS);
      await fc.assert(alike, {
        numRuns,
        seed: SEED + variants.findIndex((variant) => variant[0] === site && variant[1] === l2),
        interruptAfterTimeLimit: 3_500_000,
        markInterruptAsFailure: true,
      });
      if (process.env.FUZZ_REQUESTS !== undefined) {
        console.log(`${site}, ${l2}: ${requests} sendings, ${hits} answered by the fast path, seed ${SEED}`);
      }
      sent += requests;
      answered += hits;
    },
  );

  it('differ in that the first answers a good share of it: never to answer is alike too', () => {
    expect(answered).toBeGreaterThan(sent / 5);
  });
});
