// The parts of the npm package http-cache-tests that are used here; it brings no types of its own.

declare module 'http-cache-tests/tests/index.mjs' {
  const suites: readonly import('./classify.js').Suite[];
  export default suites;
}

declare module 'http-cache-tests/lib/display.mjs' {
  /** A row of the suite's table of outcomes: glyph, colour, sign. The sign tells them apart. */
  export function determineTestResult(
    suites: readonly import('./classify.js').Suite[],
    testId: string,
    results: import('./classify.js').Results,
  ): readonly [string, string, string];
}

declare module 'http-cache-tests/results/index.mjs' {
  const published: readonly { file: string; name: string; type: string; version: string }[];
  export default published;
}
