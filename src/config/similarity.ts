/** Edits (insert, delete, replace, swap neighbours) that turn one name into the other. */
export function editDistance(a: string, b: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min(at(previous, j) + 1, at(current, j - 1) + 1, at(previous, j - 1) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, at(beforePrevious, j - 2) + 1);
      }
      current.push(cost);
    }
    beforePrevious = previous;
    previous = current;
  }
  return at(previous, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}

/** How alike two names are, 0 to 1: few edits and many words in common, which count the same. */
function likeness(a: string, b: string): number {
  const edits = 1 - editDistance(a, b) / Math.max(a.length, b.length);
  const wordsA = new Set(a.split('_'));
  const wordsB = new Set(b.split('_'));
  const common = [...wordsA].filter((word) => wordsB.has(word)).length;
  return (edits + common / new Set([...wordsA, ...wordsB]).size) / 2;
}

/** Below this a suggestion would puzzle more than help. */
const LEAST_LIKENESS = 0.4;

/** The name most like `name`; undefined when none is alike. */
export function closest(name: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestLikeness = LEAST_LIKENESS;
  for (const candidate of candidates) {
    const alike = likeness(name, candidate);
    if (alike > bestLikeness) [best, bestLikeness] = [candidate, alike];
  }
  return best;
}
