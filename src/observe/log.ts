import type { DestinationStream, Logger as PinoLogger } from 'pino';
import { pino, stdTimeFunctions } from 'pino';
import { isSensitiveName, MASK, makeScrubber, type Scrubber } from '../redact/redact.js';

export interface Logger extends PinoLogger {
  /** Whether a line of level info would be written now; LOG_LINES may leave it out. */
  hasRoom?(): boolean;
}

export interface LoggerOptions {
  /** A pino level, or `silent`. */
  readonly level: string;
  readonly serverId: string;
  /** Number of the worker process; the primary has none. */
  readonly worker?: number | undefined;
  /** Configured secrets (`secretsOf(config)`), replaced wherever they turn up. */
  readonly secrets?: Iterable<string> | undefined;
  /** In place of one made from `secrets`. */
  readonly scrub?: Scrubber | undefined;
  /** Which lines are written, by pino's number of their level; all by default. */
  readonly admits?: ((level: number) => boolean) | undefined;
  /** Where lines go; its `flushSync`, if it has one, is called after a fatal one. */
  readonly destination: DestinationStream;
}

/**
 * JSON lines, one per event. Each finished line passes the scrubber, whatever it was built from (message, fields,
 * child bindings, errors): pino's own redaction does not look inside strings (NOTES).
 */
export function createLogger(options: LoggerOptions): Logger {
  const scrub = options.scrub ?? makeScrubber(options.secrets ?? []);
  const { admits } = options;
  return pino(
    {
      level: options.level,
      base:
        options.worker === undefined
          ? { server_id: options.serverId }
          : { server_id: options.serverId, worker: options.worker },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: {
        err: (thrown: unknown) => serializeError(thrown),
        error: (thrown: unknown) => serializeError(thrown),
      },
      hooks: {
        streamWrite: (line) => scrubLine(line, scrub),
        ...(admits !== undefined && {
          logMethod(args, method, level) {
            if (admits(level)) method.apply(this, args);
          },
        }),
      },
    },
    options.destination,
  );
}

/**
 * The line without secrets, and still JSON. Only a line that changes under the scrubber is taken apart: scrubbing it
 * as text could cut through its structure (a secret may read `true` or contain a quote), so each string is scrubbed
 * on its own.
 */
function scrubLine(line: string, scrub: Scrubber): string {
  if (scrub(line) === line) return line;
  return `${JSON.stringify(scrubValue(JSON.parse(line), scrub))}\n`;
}

function scrubValue(value: unknown, scrub: Scrubber): unknown {
  if (typeof value === 'string') return scrub(value);
  if (Array.isArray(value)) return value.map((item) => scrubValue(item, scrub));
  if (typeof value !== 'object' || value === null) return value;
  const cleaned: Record<string, unknown> = {};
  for (const [name, item] of Object.entries(value)) {
    const hidden = isSensitiveName(name) && item !== null && item !== '';
    cleaned[scrub(name)] = hidden ? MASK : scrubValue(item, scrub);
  }
  return cleaned;
}

interface SerializedError {
  readonly type: string;
  readonly message: string;
  readonly code?: string;
  readonly stack?: string;
  readonly cause?: SerializedError;
  readonly errors?: readonly SerializedError[];
}

/** Deep enough for undici's and ioredis' chains; an end, should a chain be a circle. */
const DEEPEST_CAUSE = 5;
/** Of an AggregateError (one per address tried). */
const MOST_ERRORS = 4;

/**
 * What is worth reading of an error. Other properties are left out on purpose: clients hang sockets, requests and
 * whole configurations, credentials included, on their errors.
 */
export function serializeError(thrown: unknown, depth = 0): SerializedError {
  if (!(thrown instanceof Error)) return { type: typeof thrown, message: describe(thrown) };
  const { cause } = thrown;
  const { code, errors } = thrown as { code?: unknown; errors?: unknown };
  const deeper = depth < DEEPEST_CAUSE;
  return {
    type: thrown.name,
    message: thrown.message,
    ...(typeof code === 'string' ? { code } : {}),
    ...(thrown.stack === undefined ? {} : { stack: thrown.stack }),
    ...(deeper && cause !== undefined ? { cause: serializeError(cause, depth + 1) } : {}),
    ...(deeper && Array.isArray(errors)
      ? { errors: errors.slice(0, MOST_ERRORS).map((error) => serializeError(error, depth + 1)) }
      : {}),
  };
}

function describe(thrown: unknown): string {
  if (typeof thrown !== 'object' || thrown === null) return String(thrown);
  const { message } = thrown as { message?: unknown };
  return typeof message === 'string' ? message : Object.prototype.toString.call(thrown);
}
