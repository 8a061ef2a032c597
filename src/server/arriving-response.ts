import type { Answer } from '../cache/answer.js';
import { mayBeRecoded } from '../cache/made.js';
import { hasField } from '../http/headers.js';
import { BodyWriter } from './body-writer.js';
import { DecodedSource } from './coded-body.js';
import { withOwn } from './entry-fields.js';
import { type Means, respondEntry, sentNotModified, writeStreamHead } from './entry-response.js';
import type { Exchange } from './exchange.js';
import { chooseForm } from './representation.js';
import { allowsBody } from './write-head.js';

export type Arriving = Extract<Answer, { kind: 'arriving' }>;

/** Answers from an entry that is still arriving: the body goes on to the client as it comes. */
export async function respondArriving(answer: Arriving, exchange: Exchange, means: Means): Promise<void> {
  const { fields } = means;
  const { length, body, own } = answer;
  const head =
    own === undefined ? answer.head : { ...answer.head, headers: [...answer.head.headers, ...own] };
  const { method, headers, settings } = exchange;
  const isRange = method === 'GET' && head.status === 200 && hasField(headers, 'range');
  if (showsItArrives(answer, exchange) || (isRange && canWait(answer, exchange))) {
    exchange.attach(body);
    const entry = await answer.whole();
    if (exchange.gone) return;
    if (entry !== undefined) {
      body.cancel();
      return respondEntry(withOwn(entry, own), exchange, means);
    }
  }
  const form = chooseForm(head, method, headers, settings.site);
  if (!allowsBody(method, head.status)) {
    finishAlone(answer);
    if (sentNotModified(head, form, exchange, fields)) return;
    writeStreamHead(head, form, form === 'decoded' ? undefined : length, exchange, fields);
    exchange.response.end();
    return;
  }
  if (sentNotModified(head, form, exchange, fields)) return finishAlone(answer);
  const decoded = form === 'decoded';
  const sentLength = decoded ? undefined : length;
  new BodyWriter(exchange, decoded ? new DecodedSource(body) : body, {
    head: () => writeStreamHead(head, form, sentLength, exchange, fields),
    length: sentLength,
    silent: false,
  }).start();
}

/**
 * A range is cut from the whole. Only a body known to fit is waited for: one that outgrows the bound is held back by
 * its slowest reader, and that would be us. Else the client is sent all of it, as RFC 9110 section 14.2 allows.
 */
function canWait({ length }: Arriving, { settings }: Exchange): boolean {
  return length !== undefined && length <= settings.maxEntryBytes;
}

/**
 * Whether this head would differ from that of the stored entry, and the client must not learn which of both it is: what is stored
 * has a length, and text (an SVG too) a coding of ours. A body that outgrows the bound is not stored, which ends the waiting.
 */
function showsItArrives({ length, head }: Arriving, { quiet, settings: { site } }: Exchange): boolean {
  if (!quiet) return false;
  const isImage = site.images?.has(head.class) === true;
  const staysAsItIs = head.coding !== 'gzip' && !mayBeRecoded(site, head);
  return !(isImage && length !== undefined && staysAsItIs);
}

/** The client needs no byte of it, the cache does: the fill is held before its perhaps only reader leaves (I-7). */
function finishAlone({ whole, body }: Arriving): void {
  void whole();
  body.cancel();
}
