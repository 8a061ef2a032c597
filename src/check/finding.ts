/** `warn`: it serves, but not as it should. `fail`: it will not, or not what was asked for. */
export type Verdict = 'ok' | 'warn' | 'fail';

/** What was found of one part, in a line. Holds no secret. */
export interface Finding {
  readonly verdict: Verdict;
  readonly part: string;
  readonly found: string;
  /** What to do about it; with every verdict but `ok`. */
  readonly advice?: string;
}

/** One part that is tried by itself. */
export interface Part {
  readonly name: string;
  readonly look: (signal: AbortSignal) => Promise<readonly Finding[]>;
}

export function ok(part: string, found: string): Finding {
  return { verdict: 'ok', part, found };
}

export function warn(part: string, found: string, advice: string): Finding {
  return { verdict: 'warn', part, found, advice };
}

export function fail(part: string, found: string, advice: string): Finding {
  return { verdict: 'fail', part, found, advice };
}

/** What a system error says in a word. */
export function reasonOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return 'failed';
  if (thrown.name === 'TimeoutError' || thrown.name === 'AbortError') return 'no answer in time';
  // fetch says "failed" and keeps the reason as the cause.
  const { code, cause } = thrown as { code?: unknown; cause?: unknown };
  if (typeof code === 'string') return code;
  return cause instanceof Error ? reasonOf(cause) : thrown.message || thrown.name;
}
