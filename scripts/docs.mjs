// Prints the generated parts of the documents, or with --check says which are out of date.
import { spawnSync } from 'node:child_process';

const args = process.argv.slice(2);
const parts = [
  'scripts/docs-configuration.mjs',
  'scripts/docs-session.mjs',
  ...(args.includes('--check') ? ['scripts/docs-links.mjs'] : []),
];
const failed = parts.filter(
  (part) => spawnSync(process.execPath, [part, ...args], { stdio: 'inherit' }).status !== 0,
);
if (failed.length > 0) {
  console.error(
    `out of date or broken: ${failed.join(', ')} (npm run build && npm run docs prints the generated parts)`,
  );
  process.exit(1);
}
