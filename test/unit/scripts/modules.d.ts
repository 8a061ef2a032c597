// The checks of documents are plain JavaScript: what their pure parts are to these tests.
interface Checked {
  readonly summary: string;
  readonly complaints: string[];
}
declare module '*/scripts/docs/check-file-names.mjs' {
  export function checkFileNames(
    documents: ReadonlyMap<string, string>,
    isThere?: (path: string) => boolean,
  ): Checked;
}
declare module '*/scripts/docs/check-links.mjs' {
  export function checkLinks(
    documents: ReadonlyMap<string, string>,
    isThere?: (path: string) => boolean,
  ): Checked;
}
declare module '*/scripts/docs/check-variable-names.mjs' {
  export function checkVariableNames(
    documents: ReadonlyMap<string, string>,
    known: ReadonlySet<string>,
  ): Checked;
}
declare module '*/scripts/docs/check-path-names.mjs' {
  export function checkPathNames(
    documents: ReadonlyMap<string, string>,
    isOurs: (path: string) => boolean,
  ): Checked;
}
declare module '*/scripts/docs/check-metric-names.mjs' {
  export function checkMetricNames(
    documents: ReadonlyMap<string, string>,
    exported: ReadonlySet<string>,
  ): Checked;
}
declare module '*/scripts/conformance-tables.mjs' {
  export function withConformance(text: string, results: object): string;
}
