// Every relative link of every document leads to a file, every #anchor to a heading, and every document can be reached from README.md.
import { existsSync } from 'node:fs';
import { posix } from 'node:path';
import { withoutBlocks, withoutCode } from '../documents.mjs';

const LINK = /\]\(<?([^)>\s]+)>?(?:\s+"[^"]*")?\)|<(?:a|img)\s[^>]*?(?:href|src)="([^"]+)"/g;
const ELSEWHERE = /^[a-z][a-z+.-]*:|^\/\//i;
const START = 'README.md';

/**
 * @param {ReadonlyMap<string, string>} documents text by path
 * @param {(path: string) => boolean} [isThere] whether a file that is no document exists
 * @returns {{ summary: string, complaints: string[] }}
 */
export function checkLinks(documents, isThere = existsSync) {
  const complaints = [];
  const targets = new Map();
  for (const [document, text] of documents) {
    const leads = [...withoutCode(text).matchAll(LINK)]
      .map(([, link, attribute]) => link ?? attribute)
      .filter((link) => !ELSEWHERE.test(link));
    targets.set(document, new Set(leads.map((link) => fileOf(document, link))));
    for (const link of leads) {
      const fault = faultOf(document, link, documents, isThere);
      if (fault !== undefined) complaints.push(`${document}: ${link} ${fault}`);
    }
  }
  for (const lost of unreachable(targets)) complaints.push(`${lost}: no link leads here from ${START}`);
  return { summary: `${documents.size} documents and their links`, complaints };
}

function faultOf(document, link, documents, isThere) {
  const file = fileOf(document, link);
  if (!documents.has(file) && !isThere(file)) return 'leads nowhere';
  const anchor = link.split('#')[1];
  if (anchor === undefined || anchor === '') return undefined;
  const text = documents.get(file);
  return text !== undefined && anchorsOf(text).has(decodeURIComponent(anchor))
    ? undefined
    : 'has no such heading';
}

function fileOf(document, link) {
  const [path] = link.split('#');
  return path === '' ? document : posix.join(posix.dirname(document), decodeURIComponent(path));
}

/** As GitHub makes them of headings; a heading that comes again gets a number. */
export function anchorsOf(text) {
  const anchors = new Set();
  const seen = new Map();
  for (const [, heading] of withoutBlocks(text).matchAll(/^#{1,6}\s+(.*?)\s*#*$/gm)) {
    const slug = slugOf(heading);
    const times = seen.get(slug) ?? 0;
    seen.set(slug, times + 1);
    anchors.add(times === 0 ? slug : `${slug}-${times}`);
  }
  for (const [, id] of text.matchAll(/<a\s[^>]*?(?:id|name)="([^"]+)"/g)) anchors.add(id);
  return anchors;
}

function slugOf(heading) {
  return heading
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replace(/\s/g, '-');
}

function unreachable(targets) {
  const reached = new Set([START]);
  // What is added to a set while it is walked is walked, too.
  for (const document of reached)
    for (const target of targets.get(document) ?? []) if (targets.has(target)) reached.add(target);
  return [...targets.keys()].filter((document) => !reached.has(document));
}
