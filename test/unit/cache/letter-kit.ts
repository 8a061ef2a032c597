import { createGenericPolicy } from '../../../src/generic/policy.js';
import { settle } from '../../support/fake-clock.js';
import { bytesOf, engineKit, type KitOverrides } from './engine-kit.js';

/** A generic upstream that is taken at its word (`TTL_POLICY=origin`). `sieMs`: the operator's stale-if-error window. */
export function letterSite(sieMs: number) {
  const times = { memoryMs: 900_000, freshMs: 3_600_000, swrMs: 0, sieMs };
  return createGenericPolicy({
    ttlPolicy: 'origin',
    classes: { image: times, detail: times, other: times, negative: times },
    cacheEnabled: true,
    viaPseudonym: 'test',
  });
}

/** An engine in front of such an upstream. */
export function letterKit({ sieMs = 60_000, ...overrides }: KitOverrides & { sieMs?: number } = {}) {
  const kit = engineKit({ ...overrides, site: letterSite(sieMs) });
  /** Asks; `reply` is what the origin answers if it is asked. The third result tells how often it was. */
  async function exchange(
    headers: string[],
    reply: { status?: number; headers?: string[]; body?: string } = {},
    target = '/x',
  ) {
    const before = kit.origin.asked.length;
    const answering = kit.ask(target, { headers });
    await settle();
    if (kit.origin.asked.length > before) kit.origin.last.reply(reply);
    const answer = await answering;
    const body = await bytesOf(answer);
    await settle();
    return { answer, body, asked: kit.origin.asked.length - before };
  }
  return { ...kit, exchange };
}
