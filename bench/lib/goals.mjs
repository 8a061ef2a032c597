import { median, pairedRatio } from './statistics.mjs';

/**
 * A goal of the issue. Either a metric of one target in one variant, alone or as a ratio to another's, or a fact that the
 * scenario found out by itself.
 * @typedef {object} Goal
 * @property {string} text
 * @property {string} [variant]
 * @property {string} [target]
 * @property {string} [metric] of a sample: rate, cpu, perCpu, p50, p99, p999
 * @property {string} [against] target of the ratio, in the same variant
 * @property {string} [fact]
 * @property {number} [atLeast]
 * @property {number} [atMost]
 *
 * @typedef {object} Judged
 * @property {string} text
 * @property {number | null} value null: not measured
 * @property {number} [min] over the rounds, of ratios
 * @property {number} [max]
 * @property {'reached' | 'within noise' | 'not reached' | 'not measured'} verdict within noise: some rounds say the one, some the other
 */

/**
 * @param {Goal} goal
 * @param {{ variants?: Record<string, { rounds: Record<string, Record<string, number>[]> }>, facts?: Record<string, number> }} results
 * @returns {Judged}
 */
export function judge(goal, { variants = {}, facts = {} }) {
  const { value, min, max } = measuredFor(goal, variants, facts);
  if (value === undefined || !Number.isFinite(value))
    return { text: goal.text, value: null, verdict: 'not measured' };
  return {
    text: goal.text,
    value: rounded(value),
    ...(min !== undefined && { min: rounded(min), max: rounded(max) }),
    verdict: verdictOf(goal, value, min, max),
  };
}

/**
 * The goals of a scenario, judged by a result of it: also one that was written down before.
 * @param {readonly Goal[] | undefined} goals @param {Parameters<typeof judge>[1]} results @returns {Judged[]}
 */
export function judgeAll(goals, results) {
  return (goals ?? []).map((goal) => judge(goal, results));
}

function verdictOf({ atLeast = -Infinity, atMost = Infinity }, value, min, max) {
  if ([atLeast, atMost].some((bound) => min < bound && bound < max)) return 'within noise';
  return value >= atLeast && value <= atMost ? 'reached' : 'not reached';
}

function measuredFor({ fact, variant, target, metric, against }, variants, facts) {
  if (fact !== undefined) return { value: facts[fact] };
  const rounds = variants[variant]?.rounds ?? {};
  const ours = (rounds[target] ?? []).map((sample) => sample[metric]);
  if (ours.length === 0) return {};
  if (against === undefined) return { value: median(ours) };
  const ratio = pairedRatio(
    ours,
    (rounds[against] ?? []).map((sample) => sample[metric]),
  );
  return ratio === undefined ? {} : { value: ratio.median, min: ratio.min, max: ratio.max };
}

const rounded = (value) => Number(value.toPrecision(4));
