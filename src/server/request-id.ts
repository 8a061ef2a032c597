import { randomBytes } from 'node:crypto';
import { field, type RawHeaders } from '../http/headers.js';

/** What may be repeated in headers and logs without quoting. */
const SANE = /^[A-Za-z0-9._:@=+/-]{1,128}$/;
/** Ids of one beginning; then another is drawn. */
const PER_BEGINNING = 2 ** 32;

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

let beginning = '';
let made = PER_BEGINNING;
let step = 1;

/** The client's `X-Request-Id` when it is harmless, else a new one. */
export function requestIdOf(headers: RawHeaders): string {
  const given = field(headers, 'x-request-id');
  return given !== undefined && SANE.test(given) ? given : newRequestId();
}

/**
 * 36 characters, always, in the form of a UUID (RFC 9562, version 8): a random beginning, then numbers in an order of its own. They
 * are to be unique, not secret, and drawing each at random was felt at every hit.
 */
export function newRequestId(): string {
  if (made === PER_BEGINNING) begin();
  const n = Math.imul(made++, step) >>> 0; // any odd step visits each number once
  return beginning + HEX[n >>> 24]! + HEX[(n >>> 16) & 255]! + HEX[(n >>> 8) & 255]! + HEX[n & 255]!;
}

function begin(): void {
  const random = randomBytes(16);
  const hex = random.toString('hex');
  const variant = '89ab'[random[0]! & 3]!;
  beginning = `${hex.slice(8, 16)}-${hex.slice(16, 20)}-8${hex.slice(20, 23)}-${variant}${hex.slice(23, 26)}-${hex.slice(26, 30)}`;
  step = random.readUInt32LE(0) | 1;
  made = 0;
}
