import { DEBUG_FIELD } from '../http/cache-status.js';
import { type RawHeaders, withoutFields } from '../http/headers.js';
import { withoutHopByHop } from '../http/hop-by-hop.js';
import { CLIENT_CONDITIONS } from '../http/revalidation.js';
import { TRACE_FIELDS } from '../http/trace-context.js';
import { REQUEST_IDS, UNTOLD } from '../http/untold.js';
import { withVia } from '../http/via.js';

/** Host is the upstream's to set, and an expectation has been met by the listener. */
const KEPT_BACK: ReadonlySet<string> = new Set(['host', 'expect', DEBUG_FIELD]);

/**
 * What names the proxies before us, and nothing that is answered: of what everybody is given the origin hears of this node alone. No
 * cache tells of them in Vary.
 */
const WAY_HERE: readonly string[] = ['via', 'cdn-loop', 'max-forwards'];

/**
 * The engine asks for whole representations and validates with its own validators (RFC 9111 section 4.3.1). We are the edge: what a
 * client says that no Vary tells of stops here, or keeps the answer from being shared (`shapesUntold`).
 */
const KEPT_BACK_ON_FILLS: ReadonlySet<string> = new Set([
  ...KEPT_BACK,
  ...UNTOLD,
  ...REQUEST_IDS,
  ...TRACE_FIELDS,
  ...WAY_HERE,
  ...CLIENT_CONDITIONS,
]);

/** Fields of a fill: the client's end-to-end ones, over which the engine applies the response's Vary. */
export function fillHeaders(headers: RawHeaders, pseudonym: string): RawHeaders {
  return withVia(withoutFields(withoutHopByHop(headers), KEPT_BACK_ON_FILLS), '1.1', pseudonym);
}

/** Fields of a request that is passed through. */
export function passHeaders(headers: RawHeaders, pseudonym: string): RawHeaders {
  return withVia(withoutFields(withoutHopByHop(headers), KEPT_BACK), '1.1', pseudonym);
}

/**
 * Fields of a fill whose lifetime the class table decides: the engine then applies no Vary, so nothing of the client's may
 * go along that could choose or personalise the answer (I-19). Identity, since bytes are not transformed for a client
 * that cannot read a coding.
 */
export function tableFillHeaders(pseudonym: string): RawHeaders {
  return ['Accept', '*/*', 'Accept-Encoding', 'identity', 'User-Agent', pseudonym, 'Via', `1.1 ${pseudonym}`];
}
