// One scenario from its start to its results.
import { spawnSync } from 'node:child_process';
import { targetNamed } from '../targets/index.mjs';
import { judgeAll } from './goals.mjs';
import { machine } from './machine.mjs';
import { measureVariant } from './measure.mjs';
import { startOrigin } from './origin.mjs';
import { median, pairedRatio } from './statistics.mjs';

/**
 * @typedef {object} Run what a scenario's own part gets
 * @property {import('./origin.mjs').Origin} origin
 * @property {import('./arguments.mjs').Options} options
 * @property {Record<string, unknown>} setting what the scenario's `setUp` returned
 */

/** @param {import('../scenarios/index.mjs').Scenario} scenario @param {import('./arguments.mjs').Options} options */
export async function runScenario(scenario, options) {
  const before = machine();
  const origin = await startOrigin();
  let setting = {};
  try {
    setting = (await scenario.setUp?.(options)) ?? {};
    const targets = new Map();
    const leftOut = {};
    const variants = {};
    for (const name of scenario.targets ?? []) available(name, targets, leftOut, options);
    for (const variant of chosen(scenario, options)) {
      const names = options.targets ?? (options.smoke ? fewest(scenario, variant) : variant.targets);
      const env = { ...variant.env, ...setting.env };
      const here = names
        .map((name) => available(name, targets, leftOut, options))
        .filter((t) => t !== undefined);
      const measured = await measureVariant({ ...variant, env }, here, origin, options);
      const reference = variant.reference ?? scenario.reference;
      variants[variant.name] = {
        title: variant.title,
        reference,
        ...measured,
        summary: summarise(measured.rounds, reference),
      };
    }
    const own =
      options.variants === undefined
        ? await scenario.own?.({ origin, options, setting, variants })
        : undefined;
    const facts = { ...scenario.facts?.({ variants }), ...own?.facts };
    return {
      name: scenario.name,
      summary: scenario.summary,
      machine: before,
      options: {
        rounds: options.rounds,
        seconds: options.seconds,
        ...(Object.keys(options.env).length > 0 && { env: options.env }),
      },
      targets: Object.fromEntries(
        [...targets].map(([name, { title, version }]) => [name, { title, version: version(options) }]),
      ),
      leftOut,
      facts,
      goals: judgeAll(scenario.goals, { variants, facts }),
      tables: own?.tables ?? [],
      variants,
      ...(own?.verified && { verified: own.verified }),
    };
  } finally {
    await setting.stop?.();
    await origin.stop();
  }
}

function chosen({ variants = [] }, options) {
  if (options.variants !== undefined) return variants.filter(({ name }) => options.variants.includes(name));
  return options.smoke ? variants.filter(({ smoke }) => smoke !== false) : variants;
}

/** What a smoke run takes: every target once, in the scenario's first variant if that says so; else ours and the reference. */
function fewest({ reference }, variant) {
  if (variant.smoke === 'all') return variant.targets;
  return variant.targets.filter(
    (name) =>
      name === 'product' || name === (variant.reference ?? reference) || variant.smoke?.includes?.(name),
  );
}

/** @returns {import('../targets/index.mjs').Target | undefined} undefined: said in `leftOut` */
function available(name, targets, leftOut, options) {
  const target = targetNamed(name);
  if (target.version(options) === undefined && !options.smoke) install(target);
  if (target.version(options) === undefined) {
    leftOut[name] = target.debian ? `not installed (Debian: ${target.debian})` : 'not built';
    if (target.debian === undefined) throw new Error(`${name} is not built: npm run build`);
    return undefined;
  }
  targets.set(name, target);
  return target;
}

function install({ debian }) {
  if (debian === undefined || process.getuid?.() !== 0) return;
  console.error(`installing ${debian}`);
  spawnSync('apt-get', ['install', '-y', '--no-install-recommends', debian], { stdio: 'ignore' });
}

const METRICS = ['rate', 'cpu', 'busy', 'p50', 'p99', 'p999'];

/** Medians of every target, and its ratio to the reference round by round. */
export function summarise(rounds, reference) {
  const summary = {};
  for (const [name, samples] of Object.entries(rounds)) {
    const of = (metric) => samples.map((sample) => sample[metric]);
    const ratio =
      rounds[reference] &&
      pairedRatio(
        of('rate'),
        rounds[reference].map(({ rate }) => rate),
      );
    summary[name] = Object.fromEntries(METRICS.map((metric) => [metric, median(of(metric))]));
    if (ratio)
      summary[name].ratio = Object.fromEntries(
        Object.entries(ratio).map(([k, v]) => [k, Number(v.toFixed(3))]),
      );
  }
  return summary;
}
