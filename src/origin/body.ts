import type { ProxyError } from '../errors.js';
import type { BodySink, BodySource } from './source.js';

/** What a body steers: the connection it comes from. All three idempotent. */
export interface Flow {
  pause(): void;
  resume(): void;
  /** `reason` as in `BodySource.cancel`. */
  abort(reason?: ProxyError): void;
}

/**
 * Bytes kept of a body that nobody reads yet, then the connection stands still. Most answers fit (TMDB.md: JSON of
 * 33 KB at p90), so they free their connection at once whatever their reader does, and need no pause and resume.
 */
const READ_AHEAD_BYTES = 65_536;

/** A response body on its way from the connection (`push`, `finish`, `fail`) to its sink. */
export class IncomingBody implements BodySource {
  private sink: BodySink | undefined;
  private held: Buffer[] = [];
  private heldBytes = 0;
  private begun = false;
  private paused = false;
  private stopped = false;
  private scheduled = false;
  private outcome: 'flowing' | 'complete' | 'over' | Error = 'flowing';

  constructor(private readonly flow: Flow) {}

  /** Whether all of it has arrived here, delivered or not. */
  get arrived(): boolean {
    return this.outcome === 'complete';
  }

  /** Whether somebody reads it, or has. */
  get started(): boolean {
    return this.begun;
  }

  start(sink: BodySink): void {
    this.begun = true;
    if (this.outcome === 'over') return;
    this.sink = sink;
    this.schedule();
  }

  pause(): void {
    this.paused = true;
    this.stop();
  }

  resume(): void {
    this.paused = false;
    this.schedule();
  }

  cancel(reason?: ProxyError): void {
    if (this.outcome === 'over') return;
    const flowing = this.outcome === 'flowing';
    this.outcome = 'over';
    this.forget();
    if (flowing) this.flow.abort(reason);
  }

  push(chunk: Buffer): void {
    if (this.outcome !== 'flowing') return;
    if (this.sink && !this.paused && this.held.length === 0 && !this.scheduled) {
      this.sink.data(chunk);
      return;
    }
    this.held.push(chunk);
    this.heldBytes += chunk.length;
    if (this.paused || this.heldBytes >= READ_AHEAD_BYTES) this.stop();
  }

  /** False if it had ended before. */
  finish(): boolean {
    if (this.outcome !== 'flowing') return false;
    this.outcome = 'complete';
    if (this.sink) this.deliver();
    return true;
  }

  /**
   * The body is broken: what was held back is dropped and the sink told at once, also while it has paused. False if it
   * had ended before.
   */
  fail(error: Error): boolean {
    if (this.outcome !== 'flowing') return false;
    this.outcome = error;
    this.held = [];
    if (this.sink) this.deliver();
    return true;
  }

  /**
   * In a microtask: undici's parser must not be resumed while it, or another connection's, is calling us (it asserts
   * that none is running), and `start` must not call its sink before it has returned.
   */
  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    queueMicrotask(() => {
      this.scheduled = false;
      this.deliver();
    });
  }

  private deliver(): void {
    const { sink } = this;
    if (!sink) return;
    while (this.held.length > 0 && !this.paused && this.sink) {
      const chunk = this.held.shift()!;
      this.heldBytes -= chunk.length;
      sink.data(chunk);
    }
    if (!this.sink) return;
    const { outcome } = this;
    if (outcome instanceof Error) {
      this.conclude();
      sink.error(outcome);
    } else if (outcome === 'complete' && this.held.length === 0) {
      this.conclude();
      sink.end();
    } else if (outcome === 'flowing' && !this.paused && this.stopped) {
      this.stopped = false;
      this.flow.resume();
    }
  }

  private stop(): void {
    if (this.outcome !== 'flowing') return;
    this.stopped = true;
    this.flow.pause(); // also where it stands still already: there may be a reader by now
  }

  private conclude(): void {
    this.outcome = 'over';
    this.forget();
  }

  private forget(): void {
    this.sink = undefined;
    this.held = [];
  }
}
