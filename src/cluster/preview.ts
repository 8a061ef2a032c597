import { TextDecoder } from 'node:util';
import type { Preview } from '../admin/preview.js';
import { inflated } from '../cache/inflate.js';
import { fieldValue } from '../http/headers.js';
import { pixelTypeOf } from '../http/image-magic.js';
import type { Entry } from '../tiers/entry.js';

/** A larger picture is not sent to a page. */
const MAX_IMAGE_BYTES = 8 * 1024 * 1024;
/** Of a text only the beginning is. */
const MAX_TEXT_BYTES = 256 * 1024;
const TEXT_TYPE = /^\s*(?:text\/|application\/(?:[\w.-]+\+)?(?:json|xml)\b|image\/svg\+xml\b)/i;
const CHARSET = /;\s*charset\s*=\s*"?([\w.:-]+)/i;
const JSON_TYPE = /^\s*application\/(?:[\w.-]+\+)?json\b/i;

/** Something to look at of a stored answer: a picture, or the beginning of a text. Never rejects. */
export async function previewOf(entry: Entry): Promise<Preview> {
  if (entry.marker) return none('It has no body: it names the fields that choose among variants.');
  const body = await plainBody(entry);
  if (body === undefined) return none('Its content coding is not decoded here.');
  if (body.length === 0) return none('Its body is empty.');
  const type = pixelTypeOf(body);
  if (type !== undefined) {
    if (body.length > MAX_IMAGE_BYTES) return none(`A picture of ${body.length} bytes is not shown.`);
    return { kind: 'image', type, bytes: body };
  }
  const said = fieldValue(entry.headers, 'content-type') ?? '';
  if (!TEXT_TYPE.test(said)) return none('It is neither a picture nor text.');
  // A character that is cut at the end is left out.
  const cut = body.length > MAX_TEXT_BYTES;
  const text = decoderOf(said).decode(body.subarray(0, MAX_TEXT_BYTES), { stream: cut });
  return { kind: 'text', json: JSON_TYPE.test(said), text, length: body.length, truncated: cut };
}

/** By the charset that the type names, else UTF-8. */
function decoderOf(type: string): TextDecoder {
  const [, charset = 'utf-8'] = CHARSET.exec(type) ?? [];
  try {
    return new TextDecoder(charset);
  } catch {
    return new TextDecoder(); // no such charset
  }
}

async function plainBody({ coding, body }: Entry): Promise<Buffer | undefined> {
  if (coding === 'identity') return body;
  return coding === 'gzip' ? inflated(body) : undefined;
}

function none(reason: string): Preview {
  return { kind: 'none', reason };
}
