/** Failures in a row that move the preference even when no other server has answered meanwhile. */
const FAILURES_TO_LEAVE = 3;
/** Good probes in a row that bring the preference back; doubled (to 32) when it had to be left again soon after. */
const PROBES_TO_RETURN = 2;
const MOST_PROBES = 32;
/** Answers after which a server that came back is trusted as before. */
const ANSWERS_TO_TRUST = 100;

/**
 * Which server of a group is asked first. Servers are numbered by their rank in the configuration. A failover is
 * remembered (TMDB.md): once another server has answered in place of the preferred one, it is asked first from then
 * on, and the better-ranked one only gets probes until it has been well for a while.
 */
export class Failover {
  private first = 0;
  private readonly failures: number[];
  private readonly goodProbes: number[];
  private readonly needed: number[];
  private answers = 0;

  constructor(
    servers: number,
    private readonly onMove: (from: number, to: number) => void,
  ) {
    this.failures = new Array<number>(servers).fill(0);
    this.goodProbes = new Array<number>(servers).fill(0);
    this.needed = new Array<number>(servers).fill(PROBES_TO_RETURN);
  }

  get preferred(): number {
    return this.first;
  }

  /** The order in which a request tries the servers: the preferred one, then by rank, those that failed last. */
  get order(): number[] {
    const rest = this.failures.map((_, rank) => rank).filter((rank) => rank !== this.first);
    rest.sort((a, b) => Number(this.failures[a]! > 0) - Number(this.failures[b]! > 0) || a - b);
    return [this.first, ...rest];
  }

  consecutiveFailures(rank: number): number {
    return this.failures[rank]!;
  }

  /** Whether so many attempts failed in a row that the server counts as down. */
  isDown(rank: number): boolean {
    return this.failures[rank]! >= FAILURES_TO_LEAVE || (rank < this.first && this.failures[rank]! > 0);
  }

  /** Ranks that a probe should look after: better placed than the one in use. */
  get left(): number[] {
    return this.failures.map((_, rank) => rank).filter((rank) => rank < this.first);
  }

  failed(rank: number): void {
    this.failures[rank]!++;
    if (rank !== this.first || this.failures[rank]! < FAILURES_TO_LEAVE) return;
    const next = this.order.find((other) => other !== rank && this.failures[other] === 0);
    if (next !== undefined) this.leaveFor(next);
  }

  /** `rank` answered; `afterFailure` when it did so in place of the preferred server, which had failed. */
  succeeded(rank: number, afterFailure: boolean): void {
    this.failures[rank] = 0;
    if (rank !== this.first) {
      if (afterFailure) this.leaveFor(rank);
      return;
    }
    if (++this.answers >= ANSWERS_TO_TRUST) this.needed[rank] = PROBES_TO_RETURN;
  }

  /** A probe's result for a server of `left`; true when the preference has returned to it. */
  probed(rank: number, alive: boolean): boolean {
    if (!alive) {
      this.failures[rank]!++;
      this.goodProbes[rank] = 0;
      return false;
    }
    this.failures[rank] = 0;
    if (rank >= this.first || ++this.goodProbes[rank]! < this.needed[rank]!) return false;
    this.moveTo(rank);
    return true;
  }

  private leaveFor(next: number): void {
    const left = this.first;
    if (this.answers < ANSWERS_TO_TRUST && this.goodProbes[left]! > 0) {
      this.needed[left] = Math.min(MOST_PROBES, this.needed[left]! * 2);
    }
    this.goodProbes[left] = 0;
    this.moveTo(next);
  }

  private moveTo(next: number): void {
    const from = this.first;
    this.first = next;
    this.answers = 0;
    this.onMove(from, next);
  }
}
