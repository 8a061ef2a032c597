// npm run bench -- <scenario> [--rounds 5] [--seconds 3] [--quick] [--targets a,b] [--variants a,b] [--dist folder] [--env A=b]
import { writeFileSync } from 'node:fs';
import { readArguments } from './lib/arguments.mjs';
import { printResult } from './lib/print.mjs';
import { pinOurselves } from './lib/processes.mjs';
import { resultText } from './lib/result-file.mjs';
import { runScenario } from './lib/run.mjs';
import { scenarios } from './scenarios/index.mjs';

const options = readArguments(process.argv.slice(2));
const scenario = scenarios.find(({ name }) => name === options.scenario);
if (scenario === undefined) {
  if (options.scenario !== '') console.error(`There is no scenario ${options.scenario}.`);
  const width = Math.max(...scenarios.map(({ name }) => name.length));
  for (const { name, summary } of scenarios) console.log(`${name.padEnd(width)}  ${summary}`);
  process.exitCode = options.scenario === '' ? 0 : 1;
} else {
  pinOurselves();
  const result = await runScenario(scenario, options);
  console.log(printResult(result));
  if (options.write) {
    const file = new URL(`./results/${scenario.name}.json`, import.meta.url);
    writeFileSync(file, resultText(result));
    console.error(`written to ${file.pathname}`);
  }
}
