import type { SitePolicy } from '../cache/site.js';
import { targetOf } from './addresses.js';

/** What addresses come to. */
export interface Listed {
  readonly targets: readonly string[];
  /** Those that make no target. */
  readonly unusable: number;
}

/** Addresses read between two turns of the event loop, and written at a time. */
const STEP = 500;
const PART = 5000;

/** Addresses as targets, with a turn for others now and then. */
export async function usableTargets(site: SitePolicy, addresses: readonly string[]): Promise<Listed> {
  const targets: string[] = [];
  for (const [i, address] of addresses.entries()) {
    const target = targetOf(site, address);
    if (target !== undefined) targets.push(target);
    if (i % STEP === STEP - 1) await new Promise(setImmediate);
  }
  return { targets, unusable: addresses.length - targets.length };
}

/** A long list in parts that can be handled at a time. */
export function* inParts(addresses: Iterable<string>): Iterable<readonly string[]> {
  let part: string[] = [];
  for (const address of addresses) {
    if (part.push(address) < PART) continue;
    yield part;
    part = [];
  }
  if (part.length > 0) yield part;
}
