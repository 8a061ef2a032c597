import type { Case } from '../exchange.js';
import { AGE } from './age.js';
import { COMBINED } from './combining.js';
import { DISTRUST } from './distrust.js';
import { FIELDS } from './fields.js';
import { FRESHNESS } from './freshness.js';
import { INTERIM } from './interim.js';
import { INVALIDATION } from './invalidation.js';
import { MALFORMED } from './malformed.js';
import { PARTS } from './partial.js';
import { RANGES } from './ranges.js';
import { REQUESTS } from './requests.js';
import { STALE } from './stale.js';
import { TARGETED } from './targeted.js';
import { UNDERSTAND } from './understand.js';
import { VALIDATION } from './validation.js';
import { VARY } from './vary.js';

/** Every promise, by the part of the RFCs it belongs to. */
export const GROUPS: Readonly<Record<string, readonly Case[]>> = {
  'targeted cache control (RFC 9213)': TARGETED,
  'interim responses (RFC 9110 15.2)': INTERIM,
  'stale answers (RFC 5861, RFC 9111 4.2.4)': STALE,
  'variants (RFC 9111 4.1)': VARY,
  'statuses and must-understand (RFC 9111 3)': UNDERSTAND,
  'partial responses (RFC 9111 3.3 and 3.4)': [...PARTS, ...COMBINED, ...DISTRUST],
  'ranges of whole responses (RFC 9110 14)': RANGES,
  'invalidation (RFC 9111 4.4, RFC 9875)': INVALIDATION,
  'requests (RFC 9111 5.2.1)': REQUESTS,
  'validation (RFC 9111 4.3)': VALIDATION,
  'freshness (RFC 9111 4.2)': FRESHNESS,
  'age (RFC 9111 4.2.3)': AGE,
  'fields (RFC 9111 3.1, RFC 9211)': FIELDS,
  'malformed and hostile responses': MALFORMED,
};
