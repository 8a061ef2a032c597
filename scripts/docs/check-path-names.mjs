// Every path of this program that a document names exists: what stands in code and begins with a slash, and what follows our port.
import { blocksOf, piecesOf } from '../documents.mjs';

/** What else begins with a slash. */
const ELSEWHERE = [
  /^\/(?:data|dev|etc|proc|run|tmp|usr|var|work|path)(?:\/|$)/, // a machine's
  /^\/(?:movie|tv|person|images|episode)(?:\/|$)/, // TMDB's web site, or below /3
  /^\/de-DE(?:\/|$)/,
  /^\/PATH$/, // any
  /^\/m?api$/, // what the old names begin with
];
const PROXIED = /^\/(?:3|4|t\/p)(?:\/|$)/;

/** `GET /cache/keys?limit`, `/health`: in a piece of code, at its beginning or after a blank. */
const IN_PIECE = /(?:^|[\s(])(\/[^\s?#,;:)"'`]*)/g;
/** `localhost:6635/stats`, `http://proxy:6635/3/`: our port tells whose path it is. */
const AFTER_PORT = /:6635(\/[^\s?#,;)"'`\\]*)/g;

/** @returns {Promise<(path: string) => boolean>} whether management answers there, under an old name too */
export async function knownPaths() {
  const { ownsPath } = await import('../../dist/admin/paths.js');
  return (path) => ownsPath(path, 'GET');
}

/**
 * @param {ReadonlyMap<string, string>} documents text by path
 * @param {(path: string) => boolean} isOurs
 * @returns {{ summary: string, complaints: string[] }}
 */
export function checkPathNames(documents, isOurs) {
  const found = new Set();
  const complaints = new Set();
  for (const [document, text] of documents) {
    const named = [
      ...piecesOf(text).flatMap((piece) => [...piece.matchAll(IN_PIECE)]),
      ...[...piecesOf(text), ...blocksOf(text)].flatMap((code) => [...code.matchAll(AFTER_PORT)]),
    ].map(([, path]) => path.replace(/\/{2,}/g, '/'));
    for (const path of named) {
      found.add(path);
      if (!isThere(path, isOurs)) complaints.add(`${document}: nothing answers at ${path}`);
    }
  }
  return { summary: `${found.size} paths`, complaints: [...complaints] };
}

function isThere(path, isOurs) {
  // `/cache/*` and `/api/…` stand for several.
  if (path === '/' || /[*…<{]|\.\.\./.test(path)) return true;
  return PROXIED.test(path) || isOurs(path) || ELSEWHERE.some((pattern) => pattern.test(path));
}
