// Prints test/conformance/results.json, which `npm run conformance -- --write` keeps, between `<!-- conformance:… -->` and
// `<!-- /conformance -->` of the documents.
import { readFileSync } from 'node:fs';
import { withConformance } from '../conformance-tables.mjs';
import { keep } from '../generated.mjs';

const results = JSON.parse(readFileSync('test/conformance/results.json', 'utf8'));
for (const path of ['README.md', 'docs/conformance.md'])
  keep(path, withConformance(readFileSync(path, 'utf8'), results));
