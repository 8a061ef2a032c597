import { systemClock } from './clock.js';
import type { LiveConfig } from './config/live.js';
import { secretsOf } from './config/secrets.js';
import { createLogger, type Logger } from './observe/log.js';
import { LogLimit } from './observe/log-limit.js';
import { LogWriter } from './observe/log-writer.js';
import { sleepSync, standardOutput } from './observe/standard-output.js';
import { GrowingScrubber } from './redact/redact.js';

/** The log of one process: its level and bound are those of the configuration now, and it knows every secret there was. */
export function logOf(live: LiveConfig, worker?: number): Logger {
  const { server } = live.config;
  const scrubber = new GrowingScrubber(secretsOf(live.config));
  const limit = new LogLimit({
    clock: systemClock,
    perSecond: () => live.config.server.logLines,
    tell: (group, leftOut) => log[group]({ left_out: leftOut }, `LOG_LINES: ${leftOut} lines left out`),
  });
  const writer = new LogWriter({
    clock: systemClock,
    write: standardOutput(),
    pause: sleepSync,
    onLost: (lines) =>
      limit.unbounded(() =>
        log.warn({ lost: lines }, `standard output was not read, or its disk was full: ${lines} lines lost`),
      ),
  });
  const log: Logger = createLogger({
    level: server.logLevel,
    serverId: server.serverId,
    worker,
    scrub: scrubber.scrub,
    admits: (level) => limit.admits(level),
    destination: writer,
  });
  log.hasRoom = () => limit.hasRoom();
  process.once('exit', () => {
    limit.flush();
    writer.flushSync();
  });
  live.onChange((config) => {
    scrubber.add(secretsOf(config));
    log.level = config.server.logLevel;
  });
  return log;
}
