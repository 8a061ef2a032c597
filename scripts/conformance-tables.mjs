// What documents show of test/conformance/results.json.
import { table } from '../bench/lib/print.mjs';

const MARKED = /(<!-- conformance:(all|brief) -->\n)[\s\S]*?(<!-- \/conformance -->)/g;

/**
 * @param {string} text of a document
 * @param {import('../test/conformance/results.js').Kept} results
 * @returns {string} with every marked place printed anew
 */
export function withConformance(text, results) {
  return text.replaceAll(MARKED, (_, start, form, end) => `${start}\n${printed(form, results)}\n\n${end}`);
}

function printed(form, { required, optimal, ours, others }) {
  const rows = [...(form === 'brief' ? [leastOf(ours)] : ours.map(inMode)), ...others];
  const partly = rows.some(({ notRun }) => notRun > 0);
  return table(
    ['cache', `required, of ${required}`, `optimal, of ${optimal}`, ...(partly ? ['not run'] : [])],
    rows.map((row) => [row.name, row.required, row.optimal, ...(partly ? [row.notRun] : [])]),
  );
}

const inMode = (row) => ({ ...row, name: `tmdb-cache-proxy, ${row.name}` });

/** The mode that reaches least stands for all. */
function leastOf(ours) {
  const [least] = [...ours].sort((a, b) => a.required + a.optimal - b.required - b.optimal);
  return { ...least, name: `**tmdb-cache-proxy**, the least of ${ours.length} modes` };
}
