// Proofs for scenarios whose answers are not hits in memory.
import { setTimeout as wait } from 'node:timers/promises';
import { ask } from './ask.mjs';
import { askUntilHit, faultOf, saysHit } from './verify.mjs';

/** Far from what the load asks for. */
const APART = 9_000_000;
let next = APART;

/**
 * Proves of paths never asked for that the answer is right, that the origin was asked for each, and that it is a hit soon after
 * where the target stores at all.
 * @param {(n: number) => string} pathOf @param {{ stores?: boolean, headers?: Record<string, string> }} [options]
 */
export function verifyMisses(pathOf, { stores = true, headers = {} } = {}) {
  return async (running, { origin }) => {
    const keeps = stores && running.name !== 'dispatch';
    const before = await settledCount(origin);
    const count = 3;
    for (let i = 0; i < count; i += 1) {
      const path = pathOf(next++);
      const first = await ask(running.url + path, { headers });
      if (keeps && saysHit(first.headers) === true)
        throw new Error(`${running.name}: ${path}: a hit at once`);
      const later = keeps ? await askUntilHit(running.url + path, headers) : first;
      const fault = faultOf(first, path, {}) ?? faultOf(later, path, {});
      if (fault !== undefined) throw new Error(`${running.name}: ${path}: ${fault}`);
    }
    const asked = (await origin.count()) - before;
    if (asked < count)
      throw new Error(`${running.name}: the origin was asked ${asked} times for ${count} new paths`);
    return `${count} new paths right, origin asked ${asked} times${keeps ? ', each a hit soon after' : ''}`;
  };
}

/**
 * Proves that the product answers from the tier that is measured.
 * @param {'disk' | 'redis' | 'memory'} tier
 */
export function verifyTier(tier) {
  return async (running, context) => {
    const { variant, origin } = context;
    const before = await origin.count();
    for (const path of variant.paths.slice(0, 5)) {
      const answer = await ask(running.url + path, { headers: variant.headers });
      const fault = faultOf(answer, path, variant.expect ?? {});
      if (fault !== undefined) throw new Error(`${running.name}: ${path}: ${fault}`);
      if (!running.name.startsWith('product')) continue;
      const status = String(answer.headers['cache-status']);
      if (!status.includes(`detail=${tier}`) && !(tier === 'memory' && saysHit(answer.headers)))
        throw new Error(`${running.name}: ${path}: not from ${tier}: ${status}`);
    }
    const asked = (await origin.count()) - before;
    if (asked > 0) throw new Error(`${running.name}: the origin was asked ${asked} times`);
    return `sha256 of 5 bodies right, Cache-Status says ${tier} (product), origin asked 0 times`;
  };
}

/** The origin's count once it stands still: what the load left unanswered is still being fetched. */
export async function settledCount(origin) {
  let last = await origin.count();
  for (;;) {
    await wait(50);
    const count = await origin.count();
    if (count === last) return count;
    last = count;
  }
}

/** Requests by outcome and tier hits, from the product's /stats; nothing for other targets. */
export async function productCounts(running) {
  if (!running.name.startsWith('product')) return {};
  const { requests, cache } = JSON.parse((await ask(`${running.url}/stats`)).body.toString());
  return {
    l1Hits: cache.l1.hits,
    l2Hits: cache.l2.hits,
    misses: requests.by_outcome.miss,
    counted: requests.total,
  };
}
