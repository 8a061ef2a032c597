import type { ConfigReload, LogLevels, SettingRow } from '../admin/management.js';
import type { Clock } from '../clock.js';
import type { Config, LogLevel } from '../config/config.js';
import { ConfigError } from '../config/config-error.js';
import type { LiveConfig } from '../config/live.js';
import type { LoadedConfig } from '../config/load.js';
import type { Reloaded } from '../config/reload.js';
import { ProxyError } from '../errors.js';
import type { Logger } from '../observe/log.js';
import type { Member } from './member.js';

export interface ReloaderParts {
  /** As it was loaded at the start. */
  readonly loaded: LoadedConfig;
  /** Reads the sources again. Throws a ConfigError. */
  readonly reread: (running: LoadedConfig) => Reloaded;
  /** Of this process. */
  readonly live: LiveConfig;
  /** Other processes that answer clients. */
  readonly workers: () => readonly Member[];
  /** What only those who use a value can tell of it. Throws a ConfigError; changes nothing. */
  readonly check: (next: Config) => void;
  /** What this process takes that has to be waited for, once everything else is taken. */
  readonly settle: (config: Config) => Promise<void>;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * The configuration of a node while it runs: read again as a whole or not at all, and taken by every process of the node before
 * anybody is told that it is.
 */
export class Reloader {
  readonly #parts: ReloaderParts;
  #loaded: LoadedConfig;
  #needRestart: ReadonlySet<string> = new Set();
  /** When what holds was read, by name; what is not in it at the start. */
  readonly #since = new Map<string, number>();
  readonly #startedAt: number;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(parts: ReloaderParts) {
    this.#parts = parts;
    this.#loaded = parts.loaded;
    this.#startedAt = parts.clock.now();
  }

  /** Every variable as it holds, in the order of the documentation. */
  rows(): SettingRow[] {
    const override = this.#override();
    return this.#loaded.effective.map((row) => ({
      ...(row.name === 'LOG_LEVEL' && override !== undefined ? { ...row, ...override } : row),
      loadedAt: this.#since.get(row.name) ?? this.#startedAt,
      needsRestart: this.#needRestart.has(row.name),
    }));
  }

  /**
   * Resolves when every process of the node has taken what may change, or has said that it can't. One after another. Rejects with `config_invalid`, all
   * mistakes in its message, when nothing was changed.
   */
  reload(): Promise<ConfigReload> {
    return this.#inTurn(() => this.#reload());
  }

  logLevel(): LogLevels {
    const { live } = this.#parts;
    return { level: live.config.server.logLevel, configured: this.#loaded.config.server.logLevel };
  }

  /** Until the configuration is read again. Resolves when every process has taken it. */
  setLogLevel(level: LogLevel): Promise<LogLevels> {
    return this.#inTurn(async () => {
      const { live, log, clock } = this.#parts;
      const { config } = live;
      this.#since.set('LOG_LEVEL', clock.now());
      await this.#take({ ...config, server: { ...config.server, logLevel: level } });
      log.info({ level }, `log level: ${level}, until the configuration is read again`);
      return this.logLevel();
    });
  }

  async #reload(): Promise<ConfigReload> {
    const { clock, log } = this.#parts;
    const next = this.#read();
    const overridden = this.#override() !== undefined;
    const settled = await this.#take(next.config);
    const loadedAt = clock.now();
    for (const name of next.changed) this.#since.set(name, loadedAt);
    if (overridden) this.#since.set('LOG_LEVEL', loadedAt);
    this.#loaded = next;
    const { changed, needRestart } = next;
    this.#needRestart = new Set(needRestart);
    log.info(
      { changed },
      `configuration read again: ${changed.length === 0 ? 'nothing has changed' : changed.join(', ')}`,
    );
    for (const name of needRestart)
      log.warn({ name }, `${name} is given otherwise now: that needs a restart`);
    return { loadedAt, changed, needRestart, settled };
  }

  #read(): Reloaded {
    const { reread, check, log } = this.#parts;
    try {
      const next = reread(this.#loaded);
      check(next.config);
      return next;
    } catch (thrown) {
      if (!(thrown instanceof ConfigError)) throw thrown;
      const { mistakes } = thrown;
      log.error({ mistakes }, 'the configuration was not read again: it has mistakes; what held still holds');
      throw new ProxyError('config_invalid', `The configuration has mistakes: ${mistakes.join('; ')}`);
    }
  }

  /** This process first: workers that begin meanwhile are given what it holds. Resolves with whether all of it is in use. */
  async #take(config: Config): Promise<boolean> {
    const { live, workers, settle, log } = this.#parts;
    live.become(config);
    const told = workers().map((worker) =>
      worker.reconfigure(config).catch(() => worker.evict('it did not take new settings in time')),
    );
    const settled = settle(config).then(
      () => true,
      (err) => {
        log.error({ err }, 'not all of the new configuration could be put to use');
        return false;
      },
    );
    await Promise.all(told);
    return settled;
  }

  #override() {
    const { level, configured } = this.logLevel();
    if (level === configured) return undefined;
    const reason = 'set by PUT /config/log-level, until the configuration is read again';
    return { value: level, source: 'derived', reason } as const;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    return done;
  }
}
