// npm run bench:smoke: every scenario once, as short as it goes. Fails when one does not run or an answer is not what it should
// be; asserts no times.
import { spawnSync } from 'node:child_process';
import { readArguments } from './lib/arguments.mjs';
import { pinOurselves } from './lib/processes.mjs';
import { runScenario } from './lib/run.mjs';
import { scenarios } from './scenarios/index.mjs';

const options = readArguments(['--smoke', ...process.argv.slice(2)]);
pinOurselves();
const leftOut = {};
const failed = [];
for (const scenario of scenarios) {
  if (options.scenario !== '' && options.scenario !== scenario.name) continue;
  const missing = (scenario.needs ?? []).filter(
    (program) => spawnSync(program, ['--version']).error !== undefined,
  );
  if (missing.length > 0) {
    leftOut[scenario.name] = `${missing.join(', ')} not installed`;
    continue;
  }
  const start = performance.now();
  try {
    const result = await runScenario(scenario, options);
    Object.assign(leftOut, result.leftOut);
    console.log(`${scenario.name}: runs and verifies (${((performance.now() - start) / 1000).toFixed(1)} s)`);
  } catch (error) {
    failed.push(scenario.name);
    console.log(`${scenario.name}: ${error instanceof Error ? error.stack : error}`);
  }
}
for (const [name, why] of Object.entries(leftOut)) console.log(`left out: ${name}: ${why}`);
console.log(failed.length === 0 ? 'bench:smoke: all run' : `bench:smoke: failed: ${failed.join(', ')}`);
process.exitCode = failed.length === 0 ? 0 : 1;
