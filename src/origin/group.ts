import type { Clock } from '../clock.js';
import { ProxyError } from '../errors.js';
import { field } from '../http/headers.js';
import { pauseFor } from './abort.js';
import type { Budget } from './budget.js';
import type { OriginEvent } from './events.js';
import { Failover } from './failover.js';
import { HealthCheck } from './health.js';
import { RateLimit } from './rate-limit.js';
import { nextStep, retryDelay } from './retry.js';
import type { Attempt, UpstreamServer } from './server.js';
import type { OriginRequest, OriginResponse } from './source.js';
import type { ServerHealth, UpstreamStatus } from './status.js';

export interface GroupOptions {
  readonly name: string;
  /** By preference. */
  readonly servers: readonly UpstreamServer[];
  readonly budget: Budget;
  readonly maxRetries: number;
  readonly healthCheckMs: number;
  readonly clock: Clock;
  readonly onEvent: (event: OriginEvent) => void;
}

/** What a request has been through so far. */
interface Course {
  attempts: number;
  atThisServer: number;
  waitedForHold: boolean;
  readonly failedAt: Set<UpstreamServer>;
  /** The last answer, when it is here whole: given out when no better one can be had. */
  spare: OriginResponse | undefined;
}

/** Servers that stand in for each other: decides who is asked, how often, and when to stop. */
export class UpstreamGroup {
  private readonly failover: Failover;
  private readonly rateLimit: RateLimit;
  private readonly health: HealthCheck;

  constructor(private readonly options: GroupOptions) {
    const { servers, clock, name, onEvent, healthCheckMs } = options;
    this.rateLimit = new RateLimit(clock);
    this.failover = new Failover(servers.length, (from, to) => {
      onEvent({ type: 'failover', upstream: name, from: servers[from]!.name, to: servers[to]!.name });
      this.health.wake();
    });
    this.health = new HealthCheck({
      clock,
      intervalMs: healthCheckMs,
      needed: () => this.failover.left.length > 0,
      round: (signal) => this.probe(signal),
    });
  }

  /** See Origin.fetch. */
  async fetch(request: OriginRequest): Promise<OriginResponse> {
    const course: Course = {
      attempts: 0,
      atThisServer: 0,
      waitedForHold: false,
      failedAt: new Set(),
      spare: undefined,
    };
    let server = this.choose(course);
    while (server !== undefined) {
      const admission = await this.admitted(server, request, course);
      if (admission.kind === 'answer') return admission.response;
      // Asked again in the very tick of the attempt: a half-open breaker admits one, and several may have waited.
      if (admission.kind === 'left' || !server.breaker.admits) {
        if (admission.kind === 'go') admission.release();
        course.failedAt.add(server);
        course.atThisServer = 0;
        server = this.choose(course);
        continue;
      }
      const place = { retry: course.attempts, failover: course.failedAt.size > 0 };
      course.attempts++;
      course.atThisServer++;
      const attempt = await server.attempt(request, place, admission.release);
      this.learn(server, attempt, course);
      if (attempt.kind === 'given-up') throw attempt.error;
      server = await this.following(server, attempt, request, course);
      if (server !== undefined) continue;
      if (attempt.kind === 'failed') throw attempt.error;
      return attempt.response;
    }
    if (course.spare) return course.spare;
    throw this.allLeft();
  }

  status(): UpstreamStatus[] {
    const { servers, budget } = this.options;
    const { held } = budget;
    return servers.map((server, rank) => ({
      ...server.status(),
      status: this.healthOf(server, rank),
      failover: {
        rank,
        preferred: rank === this.failover.preferred,
        consecutive_failures: this.failover.consecutiveFailures(rank),
      },
      rate_limited_until: held === undefined ? null : new Date(held).toISOString(),
      budget: budget.status(),
    }));
  }

  async close(): Promise<void> {
    this.health.close();
    this.options.budget.close();
    await Promise.all(this.options.servers.map((server) => server.close()));
  }

  /** The next server by preference that has not failed this request and is not left alone by its breaker. */
  private choose(course: Course): UpstreamServer | undefined {
    const { servers } = this.options;
    return this.failover.order
      .map((rank) => servers[rank]!)
      .find((server) => !course.failedAt.has(server) && server.breaker.admits);
  }

  /** Waits for the budget. `left`: the breaker has opened meanwhile. `answer`: better than being turned away. */
  private async admitted(
    server: UpstreamServer,
    request: OriginRequest,
    course: Course,
  ): Promise<
    { kind: 'go'; release: () => void } | { kind: 'left' } | { kind: 'answer'; response: OriginResponse }
  > {
    try {
      const release = await this.options.budget.admit(server.lane, request.priority, request.signal);
      return { kind: 'go', release };
    } catch (thrown) {
      if (!(thrown instanceof ProxyError) || request.signal.aborted) throw thrown;
      if (thrown.code === 'origin_breaker_open') return { kind: 'left' };
      if (course.spare) return { kind: 'answer', response: course.spare };
      throw thrown;
    }
  }

  /** What an attempt's end means for everybody else. */
  private learn(server: UpstreamServer, attempt: Attempt, course: Course): void {
    const rank = this.options.servers.indexOf(server);
    if (attempt.verdict === 'failure') this.failover.failed(rank);
    else if (attempt.verdict === 'success') this.failover.succeeded(rank, course.failedAt.size > 0);
    if (attempt.kind !== 'head') return;
    if (attempt.response.status !== 429) {
      this.rateLimit.answered();
      return;
    }
    const { clock, budget, name, onEvent } = this.options;
    const ms = this.rateLimit.holdMs(field(attempt.response.headers, 'retry-after'));
    onEvent({ type: 'rate_limited', upstream: name, server: server.name, seconds: ms / 1000 });
    budget.hold(clock.now() + ms);
  }

  /** The server of the next attempt, or undefined when this one's result stands. */
  private async following(
    server: UpstreamServer,
    attempt: Exclude<Attempt, { kind: 'given-up' }>,
    request: OriginRequest,
    course: Course,
  ): Promise<UpstreamServer | undefined> {
    const { clock, budget, maxRetries } = this.options;
    if (attempt.kind === 'failed' && attempt.verdict === 'neutral') return undefined;
    const limited = attempt.kind === 'head' && attempt.response.status === 429;
    const step = nextStep(
      {
        status: attempt.kind === 'head' ? attempt.response.status : undefined,
        sent: attempt.kind === 'head' || attempt.sent,
        repeatable: untouched(request.body),
        atThisServer: course.atThisServer,
        inAll: course.attempts,
        heldMs: limited ? Math.max(0, (budget.held ?? 0) - clock.now()) : undefined,
        waitedBefore: course.waitedForHold,
      },
      request.retryable,
      maxRetries,
    );
    if (step === 'stop') return undefined;
    let next: UpstreamServer | undefined = server;
    if (step === 'after-hold') course.waitedForHold = true;
    if (step === 'other-server' || !server.breaker.admits) {
      course.failedAt.add(server);
      course.atThisServer = 0;
      next = this.choose(course);
    }
    if (next === undefined) return undefined;
    course.spare = undefined;
    if (attempt.kind === 'head') {
      if (attempt.response.body.arrived) course.spare = attempt.response;
      else attempt.response.body.cancel();
    }
    if (step === 'same-server' && next === server) {
      await pauseFor(clock, retryDelay(clock.random()), request.signal);
    }
    return next;
  }

  private async probe(signal: AbortSignal): Promise<void> {
    const { servers, budget } = this.options;
    if (budget.held !== undefined) return;
    for (const rank of this.failover.left) {
      const server = servers[rank]!;
      const alive = await server.probe(signal);
      if (signal.aborted) return;
      if (this.failover.probed(rank, alive)) server.breaker.reset();
    }
  }

  private healthOf(server: UpstreamServer, rank: number): ServerHealth {
    if (!server.known) return 'unknown';
    const { state } = server.breaker;
    if (state === 'open' || this.failover.isDown(rank)) return 'down';
    const troubled = state !== 'closed' || this.failover.consecutiveFailures(rank) > 0;
    return troubled || this.options.budget.held !== undefined ? 'degraded' : 'healthy';
  }

  private allLeft(): ProxyError {
    const { servers, name } = this.options;
    const retryAfter = Math.min(...servers.map((server) => server.breaker.retryAfter));
    return new ProxyError('origin_breaker_open', `every server of ${name} has been failing`, { retryAfter });
  }
}

/** Whether a request body can still be sent from its beginning. */
function untouched(body: OriginRequest['body']): boolean {
  return body === undefined || (!body.readableDidRead && !body.destroyed);
}
