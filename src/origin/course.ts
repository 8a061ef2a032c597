import type { UpstreamServer } from './server.js';
import type { OriginResponse } from './source.js';

/** What a request has been through so far, and which servers it may still ask. */
export class Course {
  /** At servers that are no relays. */
  attempts = 0;
  atThisServer = 0;
  waitedForHold = false;
  /** The last answer, when it is here whole: given out when no better one can be had. */
  spare: OriginResponse | undefined;
  private readonly failedAt = new Set<UpstreamServer>();
  /** Relays that are well but not for this request: it is not to go there, or has come from there (508). */
  private readonly skipped = new Set<UpstreamServer>();

  /** @param byPreference the group's servers as it prefers them at that moment */
  constructor(private readonly byPreference: () => readonly UpstreamServer[]) {}

  /** Whether a server has failed this request. */
  get failedOver(): boolean {
    return this.failedAt.size > 0;
  }

  /** An attempt at `server` begins. */
  begin(server: UpstreamServer): void {
    if (!server.isRelay) this.attempts++; // MAX_RETRIES=0 must not make a relay the only one asked
    this.atThisServer++;
  }

  /** The next server that has not failed this request and is not left alone by its breaker. */
  next(): UpstreamServer | undefined {
    return this.byPreference().find(
      (server) => !this.failedAt.has(server) && !this.skipped.has(server) && server.breaker.admits,
    );
  }

  /** The next server, as this one has failed the request. */
  after(server: UpstreamServer): UpstreamServer | undefined {
    this.failedAt.add(server);
    this.atThisServer = 0;
    return this.next();
  }

  /** The next server, as this one is not for the request. */
  past(server: UpstreamServer): UpstreamServer | undefined {
    this.skip(server);
    this.atThisServer = 0;
    return this.next();
  }

  skip(relay: UpstreamServer): void {
    this.skipped.add(relay);
  }
}
