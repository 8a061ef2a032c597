import { expect } from 'vitest';
import { ProxyError } from '../../../src/errors.js';
import { createGenericPolicy } from '../../../src/generic/policy.js';
import { settle } from '../../support/fake-clock.js';
import type { Reply } from '../../support/scripted-origin.js';
import { bytesOf, engineKit, type KitOverrides } from './engine-kit.js';

export const times = { memoryMs: 60_000, freshMs: 60_000, swrMs: 0, sieMs: 0 };
const classes = { image: times, detail: times, other: times, negative: times };
export const generic = { ttlPolicy: 'origin', classes, cacheEnabled: true, viaPseudonym: 'p' } as const;
export const letter = createGenericPolicy(generic);
/** The same site under the class table. */
export const table = createGenericPolicy({ ...generic, ttlPolicy: 'content-type' });

export type Kit = ReturnType<typeof kitOf>;
type Asking = Parameters<Kit['ask']>[1];

export function kitOf(overrides: KitOverrides = {}) {
  return engineKit({ site: letter, ...overrides });
}

export const FRESH = ['Cache-Control', 'max-age=60'];

/** The origin's answer to a request, as the client gets it. */
export async function exchange(kit: Kit, target: string, reply: Reply, asking: Asking = {}) {
  const answer = kit.ask(target, asking);
  await settle();
  kit.origin.last.reply(reply);
  const body = await bytesOf(await answer);
  await settle();
  return body;
}

export function fill(kit: Kit, target: string, headers: readonly string[] = [], body = 'old') {
  return exchange(kit, target, { headers: [...FRESH, ...headers], body });
}

export function write(
  kit: Kit,
  target: string,
  reply: Reply,
  method = 'POST',
  headers: readonly string[] = [],
) {
  return exchange(kit, target, { headers: [], body: '', ...reply }, { method, headers });
}

/** What a GET is answered from: the text of the stored body, or nothing when the origin must be asked. */
export async function stored(
  kit: Kit,
  target: string,
  headers: readonly string[] = [],
): Promise<string | undefined> {
  const asking = { headers: [...headers, 'Cache-Control', 'only-if-cached'] };
  const answer = await kit.ask(target, asking).catch((error: ProxyError) => error);
  if (answer instanceof ProxyError) {
    expect(answer.code).toBe('only_if_cached');
    return undefined;
  }
  return bytesOf(answer);
}
