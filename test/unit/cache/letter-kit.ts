import { createGenericPolicy } from '../../../src/generic/policy.js';
import { settle } from '../../support/fake-clock.js';
import { bytesOf, engineKit, type KitOverrides } from './engine-kit.js';

const TIMES = { memoryMs: 900_000, freshMs: 3_600_000, swrMs: 0, sieMs: 60_000 };

/** An engine in front of a generic upstream that is taken at its word (`TTL_POLICY=origin`). */
export function letterKit(overrides: KitOverrides = {}) {
  const site = createGenericPolicy({
    ttlPolicy: 'origin',
    classes: { image: TIMES, detail: TIMES, other: TIMES, negative: TIMES },
    cacheEnabled: true,
    viaPseudonym: 'test',
  });
  const kit = engineKit({ ...overrides, site });
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
