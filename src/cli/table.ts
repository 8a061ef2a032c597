/** One column of a table that a person reads. */
export interface Column<Row> {
  readonly title: string;
  readonly of: (row: Row) => string;
  /** Figures line up at their end. */
  readonly right?: boolean;
}

/** Rows under their titles, aligned; no line ends in blanks, none of the last column is cut. */
export function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const lines = [
    columns.map(({ title }) => title),
    ...rows.map((row) => columns.map(({ of }) => plain(of(row)))),
  ];
  const widths = columns.map((_, at) => Math.max(...lines.map((line) => line[at]!.length)));
  return lines
    .map((line) =>
      line
        .map((cell, at) =>
          columns[at]!.right === true ? cell.padStart(widths[at]!) : cell.padEnd(widths[at]!),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** What somebody else's words may not do to a terminal: begin a line, move the cursor, change colours. */
export function plain(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ');
}
