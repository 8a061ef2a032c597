import { CLASSES } from './key-text.js';
import type { Tenant } from './tenant.js';

/** One key as it is kept: its digest, never itself. Times are ms since epoch. */
export interface KeyRecord {
  readonly id: string;
  /** SHA-256, base64url. */
  readonly hash: string;
  readonly created?: number;
  readonly expires?: number;
  readonly revoked?: number;
  /** Given in clear, and short enough to be guessed. */
  readonly weak?: boolean;
}

/** A tenant and all keys it ever had. */
export interface TenantRecord extends Tenant {
  readonly keys: readonly KeyRecord[];
}

/** Keys that can't be taken as they are written. Each line names tenant and member and what to write, never a value. */
export class KeysMistake extends Error {
  constructor(readonly mistakes: readonly string[]) {
    super(mistakes.join('\n'));
    this.name = 'KeysMistake';
  }
}

/** What is to be written for a member of a tenant, for the mistake's line. */
export const WANTED = {
  rate: 'must be requests per second: a number above 0, at most 1000000',
  burst: 'must be a whole number of requests from 1 to 1000000',
  quota: 'must be a whole number of requests per day from 1 to 1000000000000',
  classes: `must be some of ${CLASSES.join(', ')}`,
  expires: 'must be a date such as 2027-01-31, or an instant such as 2027-01-31T12:00:00Z',
} as const;

/** Requests a second. */
export function isRate(value: number): boolean {
  return Number.isFinite(value) && value > 0 && value <= 1e6;
}

/** Requests at once. */
export function isBurst(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 1 && value <= 1e6;
}

/** Requests a day. */
export function isQuota(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 1 && value <= 1e12;
}

export function areClasses(names: readonly string[]): boolean {
  return names.length > 0 && names.every((name) => (CLASSES as readonly string[]).includes(name));
}
