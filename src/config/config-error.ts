/** The program does not start: every mistake in one readable line that names the variable and what to write. */
export class ConfigError extends Error {
  readonly mistakes: readonly string[];

  constructor(mistakes: readonly string[]) {
    super(mistakes.join('\n'));
    this.name = 'ConfigError';
    this.mistakes = mistakes;
  }
}

/** Gathers mistakes, so that one start tells them all. */
export class Mistakes {
  readonly #lines: string[] = [];
  readonly #names = new Set<string>();

  get lines(): readonly string[] {
    return this.#lines;
  }

  /** A mistake in one variable. `shown` is its value when that may be shown. */
  add(name: string, advice: string, shown?: string): void {
    this.#names.add(name);
    this.#lines.push(shown === undefined ? `${name}: ${advice}` : `${name}=${quote(shown)}: ${advice}`);
  }

  /**
   * A mistake in how variables fit together, told under the first one's name. Not told when one of them is bad by
   * itself: that line explains enough.
   */
  addBetween(names: readonly [string, ...string[]], advice: string): void {
    if (names.some((name) => this.#names.has(name))) return;
    this.#lines.push(`${names[0]}: ${advice}`);
  }
}

const LONGEST_SHOWN = 80;

/** One line, printable, of bounded length. */
function quote(value: string): string {
  const cut = value.length > LONGEST_SHOWN ? `${value.slice(0, LONGEST_SHOWN)}…` : value;
  return JSON.stringify(cut);
}

/** What the system says of a file that can't be read, for a mistake's line. */
export function errorCode(thrown: unknown): string {
  const code = typeof thrown === 'object' && thrown !== null && 'code' in thrown ? thrown.code : undefined;
  return typeof code === 'string' ? code : 'unknown error';
}
