// Every source file that a document names is there.
import { existsSync } from 'node:fs';
import { posix } from 'node:path';
import { piecesOf } from '../documents.mjs';

const FILE = /^[a-z][\w-]*(?:\/[\w.-]+)+\.(?:ts|mjs|cjs|json|yml)$/;
/** Sources of other programs. */
const ELSEWHERE = /^server\/(?:lib|routes)\/imageproxy\.ts$|^server\/api\/themoviedb\//;

/**
 * @param {ReadonlyMap<string, string>} documents text by path
 * @param {(path: string) => boolean} [isThere]
 * @returns {{ summary: string, complaints: string[] }}
 */
export function checkFileNames(documents, isThere = existsSync) {
  const found = new Set();
  const complaints = new Set();
  for (const [document, text] of documents)
    for (const name of piecesOf(text)) {
      if (!FILE.test(name) || ELSEWHERE.test(name)) continue;
      found.add(name);
      // From the root, from `src`, or from where the document is.
      const places = ['.', 'src', posix.dirname(document)].map((folder) => posix.join(folder, name));
      if (!places.some((place) => isThere(place))) complaints.add(`${document}: there is no file ${name}`);
    }
  return { summary: `${found.size} files of source`, complaints: [...complaints] };
}
