import type { SitePolicy } from './cache/site.js';
import type { Config } from './config/config.js';
import { ConfigError } from './config/config-error.js';
import { loadConfig } from './config/load.js';
import { createGenericPolicy } from './generic/policy.js';
import { proxyFor } from './origin/proxy.js';
import { createTmdbPolicy } from './tmdb/policy.js';
import { targetOf } from './warm/addresses.js';
import { WarmClient } from './warm/client.js';
import { Display } from './warm/display.js';
import { EXPORT_KINDS, type ExportKind, exportTargets } from './warm/export-list.js';
import { follow } from './warm/follow.js';
import { isOver, type WarmJob } from './warm/job.js';
import { exportKind, fileBytes, listed, mostLogged, type Omitted, placeBytes } from './warm/sources.js';
import { upload } from './warm/upload.js';
import { type WarmArguments, warmArguments } from './warm-arguments.js';

/** Exit statuses: all is in the cache; something is not, or nobody could be asked; stopped by Ctrl-C. */
const DONE = 0;
const FAILED = 1;
const INTERRUPTED = 130;

/** `tmdb-cache-proxy warm`: `args` are what follows it on the command line. Sets the exit status. */
export async function warm(args: readonly string[]): Promise<void> {
  const given = warmArguments(args);
  const { stdout, stderr } = process;
  const display = new Display({ stdout, stderr, json: given.json === true, now: Date.now });
  const interrupted = new AbortController();
  const interrupt = () => {
    // The first one pauses the job, which takes an answer of the proxy; the second one does not wait for it.
    if (interrupted.signal.aborted) process.exit(INTERRUPTED);
    interrupted.abort();
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  try {
    process.exitCode = await new Run(given, display, interrupted.signal).run();
  } catch (thrown) {
    display.fail(thrown instanceof Error ? thrown.message : String(thrown));
    process.exitCode = FAILED;
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
    const config = configOf(given);
    this.#given = given;
    this.#display = display;
    this.#signal = signal;
    this.#site = siteOf(config);
    this.#proxyOf = (url) => proxyFor(url, { https: config.upstream.httpsProxy });
    const key = given.key ?? (isMeantFor(given.url, config) ? config.admin.apiKey : undefined);
    this.#client = new WarmClient({ url: given.url ?? ownUrl(config), key, fetch });
  }

  /** Resolves with the exit status. */
  async run(): Promise<number> {
    try {
      this.#seen(await this.#begin());
      if (this.#job === undefined) throw new Error('the source holds nothing that could be warmed up');
      if (this.#given.detach !== true) {
        this.#seen(await follow(this.#client, this.#job, this.#signal, (job) => this.#seen(job)));
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

  #end(): number {
    const job = this.#job!;
    this.#display.end(this.#shown(job));
    if (job.status === 'paused') this.#display.say(goOn(job.id));
    if (this.#given.detach === true && !isOver(job.status)) {
      this.#display.say(`job ${job.id} goes on without this command; see it with --resume ${job.id}`);
      return DONE;
    }
    return job.status === 'done' && job.errors === 0 ? DONE : FAILED;
  }

  async #pause(): Promise<number> {
    const job = this.#job;
    if (job === undefined || isOver(job.status)) return INTERRUPTED;
    try {
      this.#job = await this.#client.post({ pause: job.id });
    } catch {
      // It is over, paused already, or the proxy has gone: its present state does not matter any more.
    }
    this.#display.end(this.#shown(this.#job ?? job));
    this.#display.say(goOn(job.id));
    return INTERRUPTED;
  }
}

function goOn(id: string): string {
  return `Go on with: tmdb-cache-proxy warm --resume ${id}`;
}

/** That of the proxy on this machine, for its port and key. With `--url` a mistake in it does not matter. */
function configOf({ url, config: configFile }: WarmArguments): Config {
  try {
    return loadConfig({ env: process.env, cwd: process.cwd(), configFile }).config;
  } catch (thrown) {
    if (!(thrown instanceof ConfigError)) throw thrown;
    if (url === undefined)
      throw new Error(`the configuration has mistakes (or name a proxy with --url):\n${thrown.message}`);
    return loadConfig({ env: {}, cwd: '/', readFile: absent }).config;
  }
}

function absent(): never {
  throw Object.assign(new Error('no file is read'), { code: 'ENOENT' });
}

/** The key in a file is that of the proxy it configures; one in the environment is there for this command. */
function isMeantFor(url: string | undefined, config: Config): boolean {
  return (
    url === undefined ||
    process.env.ADMIN_API_KEY !== undefined ||
    process.env.API_KEY !== undefined ||
    new URL(url).origin === ownUrl(config)
  );
}

function ownUrl({ server }: Config): string {
  const port = server.adminPort ?? server.port;
  if (port === 0) throw new Error('PORT=0 does not tell where the proxy listens: name it with --url');
  const { host = '127.0.0.1' } = server;
  const reached = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `http://${reached.includes(':') ? `[${reached}]` : reached}:${port}`;
}

/** What tells a target from what may not be shared; it asks nobody. */
function siteOf({ upstream, cache }: Config): SitePolicy {
  const { ttlPolicy, classes } = cache;
  const options = { ttlPolicy, classes, cacheEnabled: true, viaPseudonym: 'warm' };
  if (upstream.type === 'custom') return createGenericPolicy(options);
  return createTmdbPolicy({ ...options, kind: 'tmdb', credentials: [], userAgent: 'warm' });
}
