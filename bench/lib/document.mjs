// Tables in documents, between `<!-- bench:… -->` and `<!-- /bench -->`; what stands outside of the marks is written by hand.
import { briefTable, goalTable, printResult, table, variantTable } from './print.mjs';

const MARKED = /(<!-- bench:([a-z0-9:-]+) -->\n)[\s\S]*?(<!-- \/bench -->)/g;

/**
 * @param {string} text of a document
 * @param {ReadonlyMap<string, object>} results by scenario
 * @returns {string} with every marked place printed anew
 */
export function withTables(text, results) {
  return text.replaceAll(MARKED, (_, start, what, end) => `${start}\n${printed(what, results)}\n\n${end}`);
}

/** `goals`: of all results. `<scenario>`: all of it. `<scenario>:<variant>`: one table; with `:brief` its first columns. */
function printed(what, results) {
  if (what === 'goals') return allGoals(results);
  const [name, variant, form] = what.split(':');
  const result = results.get(name);
  if (result === undefined) return `Not measured yet: \`npm run bench -- ${name}\`.`;
  if (variant === undefined) return printResult(result);
  const found = result.variants[variant];
  if (found === undefined) throw new Error(`bench/results/${name}.json has no variant ${variant}`);
  return form === 'brief' ? briefTable(result, found) : variantTable(result, found);
}

function allGoals(results) {
  const goals = [...results.values()].flatMap((result) => result.goals);
  return goals.length === 0
    ? table(['goal', 'measured', ''], [['Nothing measured yet: `npm run bench`.', '–', '–']])
    : goalTable(goals);
}
