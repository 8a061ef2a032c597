import type { Clock } from '../clock.js';
import { ProxyError } from '../errors.js';
import { field } from '../http/headers.js';
import { pauseFor } from './abort.js';
import type { Budget } from './budget.js';
import { Course } from './course.js';
import type { OriginEvent } from './events.js';
import { Failover } from './failover.js';
import { HealthCheck } from './health.js';
import { RateLimit } from './rate-limit.js';
import { nextStep, retryDelay } from './retry.js';
import type { JudgedAttempt, UpstreamServer } from './server.js';
import { enterShared, type SharedBudget } from './shared-budget.js';
import { SharedLine } from './shared-line.js';
import type { OriginRequest, OriginResponse } from './source.js';
import type { ServerHealth, UpstreamStatus } from './status.js';

export interface GroupOptions {
  readonly name: string;
  /** By preference. */
  readonly servers: readonly UpstreamServer[];
  readonly budget: Budget;
  readonly shared?: SharedBudget | undefined;
  /** As it is now. */
  readonly maxRetries: () => number;
  /** See `UpstreamGroupOptions`. */
  readonly verbatim: boolean;
  readonly healthCheckMs: number;
  readonly clock: Clock;
  readonly onEvent: (event: OriginEvent) => void;
}

/** Servers that stand in for each other: decides who is asked, how often, and when to stop. */
export class UpstreamGroup {
  private readonly failover: Failover;
  private readonly rateLimit: RateLimit;
  private readonly health: HealthCheck;
  /** By server: connections are counted so. */
  private readonly lines: ReadonlyMap<UpstreamServer, SharedLine>;

  constructor(private readonly options: GroupOptions) {
    const { servers, clock, name, onEvent, healthCheckMs } = options;
    this.rateLimit = new RateLimit(clock);
    this.lines = new Map(servers.map((server) => [server, new SharedLine()]));
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
    const course = new Course(() => this.byPreference);
    if (request.direct) this.skipRelays(course);
    let server = course.next();
    while (server !== undefined) {
      const admission = await this.admitted(server, request, course);
      if (admission.kind === 'answer') return admission.response;
      // Asked again in the very tick of the attempt: a half-open breaker admits one, and several may have waited.
      if (admission.kind === 'left' || !server.breaker.admits) {
        if (admission.kind === 'go') admission.release();
        server = course.after(server);
        continue;
      }
      const place = { retry: course.attempts, failover: course.failedOver };
      course.begin(server);
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
    const { servers, budget, shared, name, clock } = this.options;
    const { heldMs } = budget;
    return servers.map((server, rank) => ({
      ...server.status(),
      status: this.healthOf(server, rank),
      failover: {
        rank,
        preferred: rank === this.failover.preferred,
        consecutive_failures: this.failover.consecutiveFailures(rank),
      },
      rate_limited_until: heldMs > 0 ? new Date(clock.now() + heldMs).toISOString() : null,
      budget: budget.status(),
      ...(shared !== undefined && { shared_budget: shared.status(name, server.name) }),
    }));
  }

  close(): void {
    this.health.close();
    this.options.budget.close();
  }

  /** Other limits from now on; `maxConnections` of each server. */
  retune(limit: { readonly rate: number; readonly burst: number } | null, maxConnections: number): void {
    const { servers, budget } = this.options;
    for (const server of servers) server.retune(maxConnections);
    budget.retune(limit);
  }

  private get byPreference(): readonly UpstreamServer[] {
    const { servers } = this.options;
    return this.failover.order.map((rank) => servers[rank]!);
  }

  /** Waits for the budget. `left`: the breaker has opened meanwhile. `answer`: better than being turned away. */
  private async admitted(
    server: UpstreamServer,
    request: OriginRequest,
    course: Course,
  ): Promise<
    { kind: 'go'; release: () => void } | { kind: 'left' } | { kind: 'answer'; response: OriginResponse }
  > {
    const begun = this.options.clock.steady();
    try {
      return { kind: 'go', release: await this.admit(server, request) };
    } catch (thrown) {
      if (!(thrown instanceof ProxyError) || request.signal.aborted) throw thrown;
      if (thrown.code === 'origin_breaker_open') return { kind: 'left' };
      if (course.spare) return { kind: 'answer', response: course.spare };
      throw thrown;
    } finally {
      request.onPhase?.('budget', this.options.clock.steady() - begun);
    }
  }

  /** This node's budget, then that of all nodes, within one queue's time. */
  private async admit(server: UpstreamServer, request: OriginRequest): Promise<() => void> {
    const { budget, shared, clock, name, onEvent } = this.options;
    const { priority, signal, urged } = request;
    const begun = clock.steady();
    const release = await budget.admit(server.lane, priority, signal, urged);
    if (shared === undefined) return release;
    const waitMs = begun + budget.waitMs - clock.steady();
    const entering = { clock, signal, waitMs, holdMs: budget.holdMs };
    try {
      const asking = {
        upstream: name,
        server: server.name,
        get priority() {
          return urged?.aborted ? 'user' : priority;
        },
      };
      const leave = await enterShared(shared, this.lines.get(server)!, asking, entering);
      return () => {
        leave();
        release();
      };
    } catch (thrown) {
      release();
      if (thrown instanceof ProxyError) {
        onEvent({
          type: 'queue',
          upstream: name,
          priority,
          ms: clock.steady() - begun,
          outcome: thrown.code,
        });
      }
      throw thrown;
    }
  }

  /** What an attempt's end means for everybody else. */
  private learn(server: UpstreamServer, attempt: JudgedAttempt, course: Course): void {
    const rank = this.options.servers.indexOf(server);
    if (attempt.verdict === 'failure') this.failover.failed(rank);
    else if (attempt.verdict === 'success') this.failover.succeeded(rank, course.failedOver);
    if (attempt.kind !== 'head') return;
    if (server.refuses(attempt.response.status) || !server.limitsRate) return;
    if (attempt.response.status !== 429) {
      this.rateLimit.answered();
      return;
    }
    const { budget, shared, name, onEvent } = this.options;
    const ms = this.rateLimit.holdMs(field(attempt.response.headers, 'retry-after'));
    onEvent({ type: 'rate_limited', upstream: name, server: server.name, seconds: ms / 1000 });
    budget.hold(ms);
    shared?.hold(name, ms);
  }

  /** The server of the next attempt, or undefined when this one's result stands. */
  private async following(
    server: UpstreamServer,
    attempt: Exclude<JudgedAttempt, { kind: 'given-up' }>,
    request: OriginRequest,
    course: Course,
  ): Promise<UpstreamServer | undefined> {
    const { clock, budget, maxRetries, verbatim } = this.options;
    if (attempt.kind === 'failed' && attempt.verdict === 'neutral') return undefined;
    if (attempt.kind === 'head' && server.refuses(attempt.response.status)) {
      return this.afterRefusal(server, attempt, request, course);
    }
    const limited = attempt.kind === 'head' && attempt.response.status === 429 && server.limitsRate;
    const seen = attempt.kind === 'head' || attempt.sent;
    const step = nextStep(
      {
        status: attempt.kind === 'head' ? attempt.response.status : undefined,
        sent: seen,
        repeatable: untouched(request.body),
        atThisServer: course.atThisServer,
        inAll: course.attempts,
        heldMs: limited ? budget.heldMs : undefined,
        waitedBefore: course.waitedForHold,
      },
      request.retryable,
      maxRetries(),
    );
    if (step === 'stop') return undefined;
    if (step === 'after-hold') course.waitedForHold = true;
    const repeats = step !== 'other-server' && !(verbatim && seen);
    const stays = repeats && !server.isRelay && server.breaker.admits;
    const next = stays ? server : course.after(server);
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

  private skipRelays(course: Course): void {
    const { servers } = this.options;
    if (servers.every((server) => server.isRelay)) return;
    for (const server of servers) if (server.isRelay) course.skip(server);
  }

  /** A relay refused before it did anything: whatever was asked, the next server may be asked the same. */
  private afterRefusal(
    server: UpstreamServer,
    attempt: Extract<JudgedAttempt, { kind: 'head' }>,
    request: OriginRequest,
    course: Course,
  ): UpstreamServer | undefined {
    if (!untouched(request.body)) return undefined;
    const next = attempt.response.status === 508 ? course.past(server) : course.after(server);
    if (next !== undefined) attempt.response.body.cancel();
    return next;
  }

  private async probe(signal: AbortSignal): Promise<void> {
    const { servers, budget } = this.options;
    if (budget.heldMs > 0) return;
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
    return troubled || this.options.budget.heldMs > 0 ? 'degraded' : 'healthy';
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
