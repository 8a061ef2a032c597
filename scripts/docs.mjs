// Prints the generated parts of the documents. With --check it says which are out of date, and what documents name that is not there.
import { spawnSync } from 'node:child_process';
import { checkFileNames } from './docs/check-file-names.mjs';
import { checkLinks } from './docs/check-links.mjs';
import { checkMetricNames, exportedMetrics } from './docs/check-metric-names.mjs';
import { checkPathNames, knownPaths } from './docs/check-path-names.mjs';
import { checkVariableNames, knownVariables } from './docs/check-variable-names.mjs';
import { documents } from './documents.mjs';

const args = process.argv.slice(2);
const parts = [
  'scripts/docs/print-configuration.mjs',
  'scripts/docs/print-metrics.mjs',
  'scripts/docs/print-grafana.mjs',
  'scripts/docs/print-cli.mjs',
  'scripts/docs/print-session.mjs',
  'scripts/docs/print-conformance.mjs',
  'scripts/docs/print-reliability.mjs',
];
const failed = parts.filter(
  (part) => spawnSync(process.execPath, [part, ...args], { stdio: 'inherit' }).status !== 0,
);
if (failed.length > 0) {
  console.error(
    `out of date: ${failed.join(', ')} (npm run build && npm run docs prints the generated parts)`,
  );
  process.exitCode = 1;
}
if (args.includes('--check')) {
  const texts = documents();
  const results = [
    checkLinks(texts),
    checkFileNames(texts),
    checkVariableNames(texts, await knownVariables()),
    checkPathNames(texts, await knownPaths()),
    checkMetricNames(texts, await exportedMetrics()),
  ];
  for (const { summary, complaints } of results) {
    for (const line of complaints) console.error(line);
    console.log(`${summary}: ${complaints.length === 0 ? 'ok' : `${complaints.length} wrong`}`);
    if (complaints.length > 0) process.exitCode = 1;
  }
}
