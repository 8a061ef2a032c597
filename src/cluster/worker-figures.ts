import type { WorkerReport } from '../admin/report.js';
import { retireReports } from '../admin/retire-reports.js';
import { type MetricsJson, retireMetrics } from '../observe/metrics-merge.js';
import { LastKnown } from './last-known.js';
import type { Member } from './member.js';

/** What the processes of a node that answer clients have counted since the node started. */
export class WorkerFigures {
  readonly #reports: LastKnown<Member, WorkerReport>;
  readonly #metrics: LastKnown<Member, MetricsJson>;
  /** Until somebody scrapes, nobody can see a counter go back, and no worker need load what its metrics take. */
  #scraped = false;

  constructor(members: () => readonly Member[]) {
    this.#reports = new LastKnown(members, (member) => member.report(), retireReports);
    this.#metrics = new LastKnown(members, (member) => member.metrics(), retireMetrics);
  }

  /** One each, and one that is `retired` for all that are gone. */
  reports(): Promise<WorkerReport[]> {
    return this.#reports.all();
  }

  metrics(): Promise<MetricsJson[]> {
    this.#scraped = true;
    return this.#metrics.all();
  }

  /** Rejects when the member doesn't answer in time. */
  async refresh(member: Member): Promise<void> {
    const metrics = this.#scraped ? this.#metrics.refresh(member) : undefined;
    await Promise.all([this.#reports.refresh(member), metrics]);
  }
}
