import { parseArgs } from 'node:util';

/**
 * @typedef {object} Options
 * @property {string} scenario '' for the list
 * @property {number} rounds
 * @property {number} seconds of load in each round
 * @property {boolean} quick 2 rounds of 1 s, nothing written
 * @property {boolean} smoke 1 round, the shortest load and the fewest entries: proves that it runs
 * @property {boolean} write whether bench/results/<name>.json is written
 * @property {readonly string[] | undefined} targets instead of the scenario's own
 * @property {readonly string[] | undefined} variants of the scenario, instead of all
 * @property {string} dist folder of the product's build
 * @property {string | undefined} before folder of an earlier build, for what sets two beside each other (profile)
 * @property {Record<string, string>} env more variables for the product
 */

/** @param {readonly string[]} argv after the script's name @returns {Options} */
export function readArguments(argv) {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      quick: { type: 'boolean', default: false },
      smoke: { type: 'boolean', default: false },
      targets: { type: 'string' },
      variants: { type: 'string' },
      dist: { type: 'string', default: 'dist' },
      before: { type: 'string' },
      env: { type: 'string', multiple: true, default: [] },
      'no-write': { type: 'boolean', default: false },
    },
  });
  const { quick, smoke } = values;
  const whole = !quick && !smoke && values.targets === undefined && values.variants === undefined;
  return {
    scenario: positionals[0] ?? '',
    rounds: positive('rounds', values.rounds ?? (smoke ? '1' : quick ? '2' : '5')),
    seconds: positive('seconds', values.seconds ?? (smoke ? '0.3' : quick ? '1' : '3')),
    quick,
    smoke,
    write: whole && values['no-write'] !== true,
    targets: listed(values.targets),
    variants: listed(values.variants),
    dist: values.dist,
    before: values.before,
    env: Object.fromEntries(values.env.map(assignment)),
  };
}

function positive(name, text) {
  const value = Number(text);
  if (!(value > 0)) throw new Error(`--${name} takes a positive number, not ${text}`);
  return value;
}

const listed = (text) => text?.split(',').filter((part) => part !== '');

function assignment(text) {
  const at = text.indexOf('=');
  if (at < 1) throw new Error(`--env takes NAME=value, not ${text}`);
  return [text.slice(0, at), text.slice(at + 1)];
}
