import type { WarmJob } from '../../warm/job.js';
import { progressBar, progressLine, summary } from './progress.js';

/** Where text goes; a part of `process.stdout`. */
export interface Output {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

export interface DisplayOptions {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly json: boolean;
  readonly now: () => number;
}

/** Between two lines in a pipe, ms. */
const LINE_MS = 5000;

/**
 * Progress for people: on a terminal one line on standard error that is drawn anew, in a pipe a plain line on standard output now and
 * then; with `json` standard output gets one object at the end and nothing else.
 */
export class Display {
  readonly #options: DisplayOptions;
  readonly #mode: 'bar' | 'lines' | 'none';
  readonly #began: number;
  #saidAt = Number.NEGATIVE_INFINITY;
  #said = '';

  constructor(options: DisplayOptions) {
    const { stdout, stderr, json, now } = options;
    this.#options = options;
    this.#began = now();
    this.#mode = stderr.isTTY && (json || stdout.isTTY) ? 'bar' : json ? 'none' : 'lines';
  }

  show(job: WarmJob): void {
    const { stdout, stderr, now } = this.#options;
    if (this.#mode === 'bar') {
      stderr.write(`\r\x1b[K${progressBar(job, stderr.columns || 80)}`);
    } else if (this.#mode === 'lines' && (now() - this.#saidAt >= LINE_MS || job.status !== this.#said)) {
      this.#saidAt = now();
      this.#said = job.status;
      stdout.write(`${progressLine(job)}\n`);
    }
  }

  /** What came of it. */
  end(job: WarmJob): void {
    const { stdout, json, now } = this.#options;
    this.clear();
    const tookMs = now() - this.#began;
    stdout.write(json ? `${JSON.stringify({ ...job, took_ms: tookMs })}\n` : `${summary(job, tookMs)}\n`);
  }

  /** A message beside the progress, on standard error. */
  say(text: string): void {
    this.clear();
    this.#options.stderr.write(`${text}\n`);
  }

  /** Takes away a line that would be drawn anew. */
  clear(): void {
    if (this.#mode === 'bar') this.#options.stderr.write('\r\x1b[K');
  }
}
