import type { LiveConfig } from './config/live.js';
import { secretsOf } from './config/secrets.js';
import { createLogger, type Logger } from './observe/log.js';
import { GrowingScrubber } from './redact/redact.js';

/** The log of one process: its level is that of the configuration now, and it knows every secret there was. */
export function logOf(live: LiveConfig, worker?: number): Logger {
  const { server } = live.config;
  const scrubber = new GrowingScrubber(secretsOf(live.config));
  const log = createLogger({
    level: server.logLevel,
    serverId: server.serverId,
    worker,
    scrub: scrubber.scrub,
  });
  live.onChange((config) => {
    scrubber.add(secretsOf(config));
    log.level = config.server.logLevel;
  });
  return log;
}
