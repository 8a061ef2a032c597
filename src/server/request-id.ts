import { randomUUID } from 'node:crypto';
import { field, type RawHeaders } from '../http/headers.js';

/** What may be repeated in headers and logs without quoting. */
const SANE = /^[A-Za-z0-9._:@=+/-]{1,128}$/;

/** The client's `X-Request-Id` when it is harmless, else a new one. */
export function requestIdOf(headers: RawHeaders): string {
  const given = field(headers, 'x-request-id');
  return given !== undefined && SANE.test(given) ? given : newRequestId();
}

/** 36 characters, always. */
export function newRequestId(): string {
  return randomUUID();
}
