import type { Clock } from '../clock.js';

/** Levels that share a bound; what ends the program is never left out. */
const GROUPS = ['info', 'warn', 'error'] as const;
type Group = (typeof GROUPS)[number];

/** From which numeric level of pino's on a line is of a group. */
const WARN = 40;
const ERROR = 50;
const FATAL = 60;

interface Window {
  endsAt: number;
  written: number;
  leftOut: number;
}

export interface LogLimitParts {
  readonly clock: Clock;
  /** `LOG_LINES`, lines per second of each group; asked each time. */
  readonly perSecond: () => number;
  /** Says how many lines of a group were left out. */
  readonly tell: (group: Group, leftOut: number) => void;
}

/**
 * How many lines a second a process writes: a client that asks for what fails, or a Redis that is gone, must fill no disk and hold
 * up no event loop. Each group has a bound of its own, so that a flood of access lines hides no error. What is left out is counted,
 * and said when the second is over.
 */
export class LogLimit {
  readonly #parts: LogLimitParts;
  readonly #windows: Readonly<Record<Group, Window>> = {
    info: { endsAt: 0, written: 0, leftOut: 0 },
    warn: { endsAt: 0, written: 0, leftOut: 0 },
    error: { endsAt: 0, written: 0, leftOut: 0 },
  };
  #stopTimer: (() => void) | undefined;
  /** What tells of lines left out is not left out. */
  #telling = false;

  constructor(parts: LogLimitParts) {
    this.#parts = parts;
  }

  /** Whether a line of a level, as pino numbers them, is to be written. */
  admits(level: number): boolean {
    if (level >= FATAL || this.#telling) return true;
    const group = level >= ERROR ? 'error' : level >= WARN ? 'warn' : 'info';
    const window = this.#windows[group];
    const { clock, perSecond } = this.#parts;
    if (window.written >= perSecond()) {
      const now = clock.steady();
      if (now < window.endsAt) return this.#leaveOut(window);
      this.#begin(group, window, now);
    } else if (window.written === 0) {
      window.endsAt = clock.steady() + 1000;
    }
    window.written++;
    return true;
  }

  /** Whether a line of level info would be written now. */
  hasRoom(): boolean {
    const { clock, perSecond } = this.#parts;
    const { written, endsAt } = this.#windows.info;
    return written < perSecond() || clock.steady() >= endsAt;
  }

  /** What `task` writes is within no bound: it tells of lines that are missing. */
  unbounded(task: () => void): void {
    const before = this.#telling;
    this.#telling = true;
    task();
    this.#telling = before;
  }

  /** Says what was left out so far. */
  flush(): void {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
    for (const group of GROUPS) this.#say(group);
  }

  #leaveOut(window: Window): boolean {
    window.leftOut++;
    this.#stopTimer ??= this.#parts.clock.after(1000, () => this.flush());
    return false;
  }

  #begin(group: Group, window: Window, now: number): void {
    window.endsAt = now + 1000;
    window.written = 0;
    this.#say(group);
  }

  #say(group: Group): void {
    const window = this.#windows[group];
    const { leftOut } = window;
    if (leftOut === 0) return;
    window.leftOut = 0;
    this.unbounded(() => this.#parts.tell(group, leftOut));
  }
}
