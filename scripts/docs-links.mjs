// Every relative link of every document leads to a file, and every #anchor within it to a heading.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

const documents = execFileSync('git', ['ls-files', '*.md']).toString().trim().split('\n').filter(existsSync);
const slug = (heading) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replace(/\s/g, '-');
const anchors = (file) =>
  new Set([...readFileSync(file, 'utf8').matchAll(/^#+\s+(.*)$/gm)].map(([, heading]) => slug(heading)));
const broken = [];
for (const document of documents) {
  for (const [, target] of readFileSync(document, 'utf8').matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^[a-z]+:/.test(target)) continue;
    const [path, anchor] = target.split('#');
    const file = path === '' ? document : resolve(dirname(document), path);
    if (!existsSync(file)) broken.push(`${document}: ${target} leads nowhere`);
    else if (anchor !== undefined && !anchors(file).has(anchor))
      broken.push(`${document}: ${target} has no such heading`);
  }
}
for (const line of broken) console.error(line);
console.log(`${documents.length} documents, ${broken.length} broken links`);
process.exit(broken.length > 0 ? 1 : 0);
