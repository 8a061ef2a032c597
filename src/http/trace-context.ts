import { fieldValue, type RawHeaders } from './headers.js';
import { trimOws } from './list.js';

/** What a request says of the trace it belongs to (W3C Trace Context, level 2). */
export interface TraceContext {
  /** 32 hexadecimal digits, not all zero. */
  readonly traceId: string;
  /** 16 hexadecimal digits, not all zero: whose request it is. */
  readonly parentId: string;
  /** 2 hexadecimal digits: sampled, and whether the trace's id is random. */
  readonly flags: string;
  /** Of tracing systems on the way, to be handed on as it is. */
  readonly state: string | undefined;
}

/** Fields of a trace, lower-case. They choose nothing and are of one request alone: never in a key, never stored. */
export const TRACE_FIELDS: ReadonlySet<string> = new Set(['traceparent', 'tracestate']);

/** Section 3.2.2. A later version may add to the end, behind another dash. */
const PARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const ZEROS = /^0+$/;
/** Sampled and random-trace-id; the rest is reserved and must be sent as zero (section 3.2.2.5). */
const KNOWN_FLAGS = 0x03;

/**
 * Undefined where there is no `traceparent`, or none that is valid: then neither field is passed on (section 3.4). A
 * `tracestate` that can't be read is dropped alone.
 */
export function traceContextOf(headers: RawHeaders): TraceContext | undefined {
  // Several lines are joined by a comma, which no valid one has.
  const parent = fieldValue(headers, 'traceparent');
  const m = parent === undefined ? null : PARENT.exec(parent.trim());
  if (m === null) return undefined;
  const [, version = '', traceId = '', parentId = '', flags = '', more] = m;
  if (version === 'ff' || (version === '00' && more !== undefined)) return undefined;
  if (ZEROS.test(traceId) || ZEROS.test(parentId)) return undefined;
  const kept = (Number.parseInt(flags, 16) & KNOWN_FLAGS).toString(16).padStart(2, '0');
  const state = fieldValue(headers, 'tracestate');
  return { traceId, parentId, flags: kept, state: state === undefined ? undefined : readState(state) };
}

/** The fields of a request made on behalf of one with this context, by the span `spanId` (16 hexadecimal digits). */
export function traceFields({ traceId, flags, state }: TraceContext, spanId: string): RawHeaders {
  const parent = ['traceparent', `00-${traceId}-${spanId}-${flags}`];
  return state === undefined ? parent : [...parent, 'tracestate', state];
}

const MOST_MEMBERS = 32;
/** As much as has to be handed on (section 3.3.1.5), characters; and a member longer than this goes first. */
const STATE_CHARS = 512;
const MEMBER_CHARS = 128;
/** Section 3.3.1.3. */
const MEMBER = /^[a-z0-9][a-z0-9_\-*/@]{0,255}=[ -+\--<>-~]{0,255}[!-+\--<>-~]$/;

/** The members of a list, those of several lines together; undefined when one of them is none, or when there are too many. */
function readState(text: string): string | undefined {
  if (text.length > 16 * STATE_CHARS) return undefined;
  const members = text
    .split(',')
    .map((member) => trimOws(member))
    .filter((member) => member !== '');
  const keys = new Set(members.map((member) => member.slice(0, member.indexOf('='))));
  const isValid = members.length <= MOST_MEMBERS && keys.size === members.length;
  if (members.length === 0 || !isValid || !members.every((member) => MEMBER.test(member))) return undefined;
  return shortened(members);
}

/** Whole members are left out, long ones first, then from the end. */
function shortened(members: readonly string[]): string | undefined {
  const length = (list: readonly string[]) => list.join(',').length;
  let kept = members;
  if (length(kept) > STATE_CHARS) kept = kept.filter((member) => member.length <= MEMBER_CHARS);
  while (length(kept) > STATE_CHARS) kept = kept.slice(0, -1);
  return kept.length === 0 ? undefined : kept.join(',');
}
