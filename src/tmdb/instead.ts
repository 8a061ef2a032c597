import { STATUS_CODES } from 'node:http';
import type { Instead, SharedRoute } from '../cache/site.js';
import { field, type RawHeaders } from '../http/headers.js';
import { isAnyImage } from '../http/image-magic.js';
import { saysNotFound } from './envelope.js';
import { errorBody } from './error-body.js';
import { isJsonType, parseJson } from './json.js';

/**
 * How an image host says that it has no such file or size. 401, 403, 429 and 5xx are about us or the host, and say nothing
 * of the file.
 */
const ABSENT: ReadonlySet<number> = new Set([400, 404, 410, 415, 422]);

const TROUBLE = 'The image host answered with an error in place of the file.';

const MESSAGE =
  'The image host has no such file or size. Take sizes from /3/configuration and file names from the images of a title.';

/**
 * What an answer of the image host stands for when it is no image: TMDB's envelope with status 404, which is stored as a
 * short negative answer. A wrong size comes as an HTML page, with 404 or with 200 (TMDB.md, Responses); it must neither be
 * stored as an image, nor leave `/t/p`, nor be asked for again by everyone. An error envelope with status 200 is trouble of the
 * host: 502, which nobody stores. Undefined: the answer speaks for itself.
 * `start`: first bytes, of a text all of them.
 */
export function insteadOfPage(
  { upstream }: Pick<SharedRoute, 'upstream'>,
  status: number,
  headers: RawHeaders,
  start: Buffer,
): Instead | undefined {
  if (upstream !== 'image') return undefined;
  const type = field(headers, 'content-type') ?? '';
  if (status === 200 && saysTrouble(start)) return answer(502, 'origin_protocol', TROUBLE, headers);
  const missing = ABSENT.has(status)
    ? !isEnvelope(status, type, start)
    : status === 200 && isPage(type, start);
  if (!missing) return undefined;
  return answer(404, 'image_not_found', MESSAGE, headers);
}

function answer(status: number, code: string, message: string, headers: RawHeaders): Instead {
  const { type: jsonType, body } = errorBody(status, code, message);
  const date = field(headers, 'date');
  return {
    status,
    statusText: STATUS_CODES[status] ?? '',
    headers: ['Content-Type', jsonType, ...(date === undefined ? [] : ['Date', date])],
    body: Buffer.from(body),
  };
}

/** TMDB's envelope for anything but what does not exist, of which the first bytes are enough: nothing is known of the file. */
function saysTrouble(start: Buffer): boolean {
  return (
    /^\s*\{\s*"s(?:uccess|tatus_)/.test(start.toString('latin1', 0, 64)) && !saysNotFound(parseJson(start))
  );
}

/** A parent proxy has said it already, and how long it holds there. */
function isEnvelope(status: number, type: string, body: Buffer): boolean {
  return status === 404 && isJsonType(type) && saysNotFound(parseJson(body));
}

/** Declared a text, or declared an image and reading as a text. Bytes of an image under a wrong name are not a page. */
function isPage(type: string, start: Buffer): boolean {
  if (isAnyImage(start)) return false;
  const text = start
    .toString('latin1', 0, 256)
    .replace(/^\xef\xbb\xbf/, '')
    .trimStart();
  // Of a vector image the root element may be far behind its prolog.
  if (/^\s*image\/svg/i.test(type)) return /^(?:<!doctype\s+html|<html|\{)/i.test(text);
  const markup = /^[<{[]/.test(text);
  return /^\s*image\//i.test(type) ? markup : markup || TEXT_TYPE.test(type);
}

const TEXT_TYPE = /^\s*(?:text\/|application\/(?:[a-z0-9.-]+\+)?(?:json|xml)\b|application\/xhtml)/i;
