// Prints docs/configuration.md from the table the program reads. With --check: exit 1 when the file is out of date.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const { configurationDocument } = await import('../dist/config/docs.js');
const path = fileURLToPath(new URL('../docs/configuration.md', import.meta.url));
const wanted = configurationDocument();

if (process.argv.includes('--check')) {
  let found = '';
  try {
    found = readFileSync(path, 'utf8');
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
  if (found !== wanted) {
    console.error(
      'docs/configuration.md is out of date: npm run build && node scripts/docs-configuration.mjs',
    );
    process.exitCode = 1;
  }
} else {
  writeFileSync(path, wanted);
}
