import type { Command } from 'commander';
import type { SitePolicy } from './cache/site.js';
import { ending } from './cli/ending.js';
import { EXIT, type ExitStatus } from './cli/exit-status.js';
import { runningProxy } from './cli/proxy-options.js';
import { readerLeft } from './cli/reader.js';
import { WarmClient } from './cli/warm/client.js';
import { Display } from './cli/warm/display.js';
import { follow } from './cli/warm/follow.js';
import { exportKind, fileBytes, listed, mostLogged, type Omitted, placeBytes } from './cli/warm/sources.js';
import { upload } from './cli/warm/upload.js';
import type { Config } from './config/config.js';
import { createGenericPolicy } from './generic/policy.js';
import { proxyFor } from './origin/proxy.js';
import { createTmdbPolicy } from './tmdb/policy.js';
import { targetOf } from './warm/addresses.js';
import { EXPORT_KINDS, type ExportKind, exportTargets } from './warm/export-list.js';
import { isOver, type WarmJob } from './warm/job.js';
import { type WarmArguments, warmArguments } from './warm-arguments.js';

/** `tmdb-cache-proxy warm`: has a running proxy fetch a list of addresses. */
export function warmCommand(): Command {
  // Once nobody reads the output the job goes on without this command, as with --detach.
  return warmArguments((given) => ending('warm', given.json, () => warm(given), 'goes-on'));
}

async function warm(given: WarmArguments): Promise<ExitStatus> {
  const { stdout, stderr } = process;
  const display = new Display({ stdout, stderr, json: given.json === true, now: Date.now });
  const interrupted = new AbortController();
  const interrupt = () => {
    // The first one pauses the job, which takes an answer of the proxy; the second one does not wait for it.
    if (interrupted.signal.aborted) process.exit(EXIT.interrupted);
    interrupted.abort();
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  try {
    return await new Run(given, display, interrupted.signal).run();
  } catch (thrown) {
    display.clear();
    throw thrown;
  } finally {
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
  }
}

/** One run of the command. */
class Run {
  readonly #given: WarmArguments;
  readonly #display: Display;
  readonly #signal: AbortSignal;
  readonly #client: WarmClient;
  readonly #site: SitePolicy;
  readonly #proxyOf: (url: URL) => string | undefined;
  readonly #omitted: Omitted = { count: 0 };
  #job: WarmJob | undefined;

  constructor(given: WarmArguments, display: Display, signal: AbortSignal) {
    const { client, config } = runningProxy(given);
    this.#given = given;
    this.#display = display;
    this.#signal = signal;
    this.#site = siteOf(config);
    this.#proxyOf = (url) => proxyFor(url, { https: config.upstream.httpsProxy });
    this.#client = new WarmClient(client);
  }

  /** Resolves with the exit status. */
  async run(): Promise<ExitStatus> {
    try {
      this.#seen(await this.#begin());
      if (this.#job === undefined) throw new Error('the source holds nothing that could be warmed up');
      if (this.#given.detach !== true) {
        const either = AbortSignal.any([this.#signal, readerLeft]);
        this.#seen(await follow(this.#client, this.#job, either, (job) => this.#seen(job)));
      }
    } catch (thrown) {
      // Whatever it was that the interruption has broken off.
      if (!this.#signal.aborted) throw thrown;
    }
    return this.#signal.aborted ? this.#pause() : this.#end();
  }

  #begin(): Promise<WarmJob | undefined> {
    const { hot, resume, top, export: daily, concurrency } = this.#given;
    const more = concurrency === undefined ? {} : { concurrency };
    if (resume !== undefined) return this.#resume(resume);
    if (hot === true) return this.#client.post({ hot: { top }, ...more });
    const kind = EXPORT_KINDS.find((name) => name === daily);
    if (kind !== undefined) return this.#client.post({ export: this.#choice(kind), ...more });
    return this.#upload();
  }

  async #resume(id: string): Promise<WarmJob> {
    const job = await this.#client.job(id);
    return job.status === 'paused' || job.status === 'failed' ? this.#client.post({ resume: id }) : job;
  }

  #choice(kind: ExportKind) {
    const { top, language, append, adult = false, date } = this.#given;
    const choice = { kind, top, languages: language, appends: append, adult };
    return date === undefined ? choice : { ...choice, date };
  }

  #upload(): Promise<WarmJob | undefined> {
    const { name, targets } = this.#source();
    return upload(this.#client, {
      source: name.slice(0, 200),
      targets,
      concurrency: this.#given.concurrency,
      signal: this.#signal,
      onPart: (job) => this.#seen(job),
    });
  }

  /** A list that this process reads. */
  #source(): { readonly name: string; readonly targets: AsyncIterable<string> } {
    const { log, export: place, top } = this.#given;
    if (log !== undefined)
      return { name: `log ${log}`, targets: mostLogged(this.#site, fileBytes(log, this.#signal), top) };
    if (place !== undefined) return { name: 'export file', targets: this.#exported(place) };
    return {
      name: this.#given.urls === undefined ? 'addresses' : `urls ${this.#given.urls}`,
      targets: this.#listed(),
    };
  }

  async *#exported(place: string): AsyncIterable<string> {
    const choice = this.#choice(exportKind(place, this.#given.kind));
    const tally = { bad: 0 };
    const targets = await exportTargets(placeBytes(place, this.#signal, this.#proxyOf), choice, tally);
    if (tally.bad > 0) this.#display.say(`${tally.bad} lines of the export are damaged and left out`);
    yield* targets;
  }

  async *#listed(): AsyncIterable<string> {
    const { addresses, urls } = this.#given;
    for (const address of addresses) {
      const target = targetOf(this.#site, address);
      if (target === undefined) this.#omitted.count++;
      else yield target;
    }
    if (urls !== undefined) yield* listed(this.#site, fileBytes(urls, this.#signal), this.#omitted);
  }

  #seen(job: WarmJob | undefined): void {
    if (job === undefined) return;
    this.#job = job;
    this.#display.show(this.#shown(job));
  }

  /** With what this process has left out, which the proxy does not know of. */
  #shown(job: WarmJob): WarmJob {
    const { count } = this.#omitted;
    return { ...job, total: job.total + count, done: job.done + count, skipped: job.skipped + count };
  }

  #end(): ExitStatus {
    const job = this.#job!;
    this.#display.end(this.#shown(job));
    if (job.status === 'paused') this.#display.say(goOn(job.id));
    const isUnread = readerLeft.aborted;
    if ((this.#given.detach === true || isUnread) && !isOver(job.status) && job.status !== 'paused')
      this.#display.say(`job ${job.id} goes on without this command; see it with --resume ${job.id}`);
    if (isUnread) return EXIT.unread;
    if (this.#given.detach === true && !isOver(job.status)) return EXIT.ok;
    return job.status === 'done' && job.errors === 0 ? EXIT.ok : EXIT.failed;
  }

  async #pause(): Promise<ExitStatus> {
    const job = this.#job;
    if (job === undefined || isOver(job.status)) return EXIT.interrupted;
    try {
      this.#job = await this.#client.post({ pause: job.id });
    } catch {
      // It is over, paused already, or the proxy has gone: its present state does not matter any more.
    }
    this.#display.end(this.#shown(this.#job ?? job));
    this.#display.say(goOn(job.id));
    return EXIT.interrupted;
  }
}

function goOn(id: string): string {
  return `Go on with: tmdb-cache-proxy warm --resume ${id}`;
}

/** What tells a target from what may not be shared; it asks nobody. */
function siteOf({ upstream, cache }: Config): SitePolicy {
  const { ttlPolicy, classes } = cache;
  const options = { ttlPolicy, classes, cacheEnabled: true, viaPseudonym: 'warm' };
  if (upstream.type === 'custom') return createGenericPolicy(options);
  return createTmdbPolicy({ ...options, kind: 'tmdb', credentials: [], userAgent: 'warm' });
}
