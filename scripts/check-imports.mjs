// Checks the import rules on the built output, and that there was something to check.

import { createRequire } from 'node:module';
import { cruise } from 'dependency-cruiser';

const ruleSet = createRequire(import.meta.url)('../.dependency-cruiser.cjs');
const { output } = await cruise(['dist'], { ...ruleSet.options, ruleSet, validate: true });
const { error, totalCruised, violations } = output.summary;
for (const { rule, from, to, cycle } of violations) {
  const path = cycle?.map(({ name }) => name).join(' → ') ?? to;
  console.error(`${rule.name}: ${from} → ${path}`);
}
console.log(`${totalCruised} modules, ${error} forbidden imports`);
process.exit(error > 0 || totalCruised < 50 ? 1 : 0);
