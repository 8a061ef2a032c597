import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync, gzipSync } from 'node:zlib';
import { codeOfStatus, envelope } from './envelopes.js';
import type { Fault, Place } from './fault-kinds.js';
import type { Gates } from './gates.js';
import { errorHeaders } from './headers.js';

/** A response ready to be sent. */
export interface Outgoing {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Sent only with methods and statuses that have a body; `Content-Length` counts it for HEAD too. */
  readonly body: Buffer;
  /** No body and no `Content-Length` (204, 304). */
  readonly bodiless?: boolean;
}

type Of<K extends Fault['kind']> = Extract<Fault, { kind: K }>;

/** Milliseconds between the last bytes and a reset: a reset in the same instant would overtake them. */
const RESET_PAUSE = 20;

function without(headers: Outgoing['headers'], ...names: string[]): [string, string][] {
  return headers
    .filter(([name]) => !names.includes(name.toLowerCase()))
    .map(([name, value]) => [name, value]);
}

function replaced(out: Outgoing, fault: Of<'status'>, now: number): Outgoing {
  const given = fault.body ?? envelope(codeOfStatus(fault.status)).body;
  const bodiless = fault.status === 204 || fault.status === 304;
  const headers = errorHeaders(fault.status, now);
  if (fault.retryAfter !== undefined) headers.push(['Retry-After', String(fault.retryAfter)]);
  const text = typeof given === 'string' ? given : JSON.stringify(given);
  if (bodiless)
    return {
      status: fault.status,
      headers: without(out.headers, 'content-type', 'content-encoding'),
      body: Buffer.alloc(0),
      bodiless,
    };
  return { status: fault.status, headers, body: Buffer.from(text) };
}

function coding(out: Outgoing): string | undefined {
  return out.headers.find(([name]) => name.toLowerCase() === 'content-encoding')?.[1];
}

function plain(out: Outgoing): Buffer {
  return coding(out) === 'gzip' ? gunzipSync(out.body) : out.body;
}

/** The response as faults of status, headers and coding change it. */
export function distort(out: Outgoing, faults: readonly Fault[], now: number): Outgoing {
  let changed = out;
  for (const fault of faults) {
    switch (fault.kind) {
      case 'status':
        changed = replaced(changed, fault, now);
        break;
      case 'envelope200':
        changed = {
          status: 200,
          headers: without(changed.headers, 'content-encoding'),
          body: Buffer.from(JSON.stringify({ ...envelope(fault.code ?? 11).body, success: false })),
        };
        break;
      case 'redirect': {
        const headers = [...errorHeaders(fault.status ?? 302, now), ['Location', fault.location] as const];
        changed = { status: fault.status ?? 302, headers, body: Buffer.alloc(0) };
        break;
      }
      case 'gzip-without-header':
        changed = {
          ...changed,
          headers: without(changed.headers, 'content-encoding'),
          body: gzipSync(plain(changed)),
        };
        break;
      case 'header-without-gzip': {
        const headers = [
          ...without(changed.headers, 'content-encoding'),
          ['Content-Encoding', 'gzip'] as const,
        ];
        changed = { ...changed, headers, body: plain(changed) };
        break;
      }
      case 'headers': {
        const names = Object.keys(fault.set).map((name) => name.toLowerCase());
        const added = Object.entries(fault.set).flatMap(([name, value]) =>
          value === null ? [] : [value].flat().map((one) => [name, one] as [string, string]),
        );
        changed = { ...changed, headers: [...without(changed.headers, ...names), ...added] };
        break;
      }
      default:
        break;
    }
  }
  return changed;
}

function all<K extends Fault['kind']>(faults: readonly Fault[], kind: K): Of<K>[] {
  return faults.filter((fault): fault is Of<K> => fault.kind === kind);
}

function at(fault: { readonly where?: Place }, place: Place): boolean {
  return (fault.where ?? 'head') === place;
}

/** Sends a response, with the faults of time and connection. Ends early, without an error, when the client goes. */
export async function deliver(
  res: ServerResponse,
  method: string,
  out: Outgoing,
  faults: readonly Fault[],
  gates: Gates,
): Promise<void> {
  if (faults.length === 0) {
    writeHead(res, out, true);
    res.end(method === 'HEAD' || out.bodiless ? undefined : out.body);
    return;
  }
  const gone = new AbortController();
  res.once('close', () => gone.abort());
  try {
    await beforeHead(res, faults, gates, gone.signal);
    if (gone.signal.aborted) return;
    const excess = all(faults, 'excess')[0];
    const sized = all(faults, 'no-content-length').length === 0;
    writeHead(res, out, sized);
    if (method === 'HEAD' || out.bodiless) {
      res.end();
      return;
    }
    await sendBody(res, out.body, faults, gates, gone.signal);
    if (gone.signal.aborted) return;
    if (excess) await write(res, Buffer.alloc(excess.extra ?? 16, 'x'));
    const cut = excess !== undefined || all(faults, 'truncate').length > 0;
    // Without the last chunk a chunked body is visibly cut; with it, it would be whole.
    if (cut) res.socket?.end();
    else res.end();
  } catch (error) {
    // Sleeping ends with an AbortError when the client goes: that is no failure of the origin.
    if (!gone.signal.aborted) throw error;
  }
}

function writeHead(res: ServerResponse, out: Outgoing, sized: boolean): void {
  const headers = out.headers.flat() as string[];
  const told = out.headers.some(([name]) => name.toLowerCase() === 'content-length');
  if (sized && !out.bodiless && !told) headers.push('Content-Length', String(out.body.length));
  res.writeHead(out.status, headers);
}

async function beforeHead(
  res: ServerResponse,
  faults: readonly Fault[],
  gates: Gates,
  gone: AbortSignal,
): Promise<void> {
  for (const { links } of all(faults, 'early-hints')) res.writeEarlyHints({ link: [...links] });
  for (const { headMs } of all(faults, 'latency'))
    if (headMs) await sleep(headMs, undefined, { signal: gone });
  for (const gate of all(faults, 'gate')) if (at(gate, 'head')) await gates.pass(gate.name, gone);
  if (all(faults, 'hang').some((fault) => at(fault, 'head'))) await forever(gone);
  if (all(faults, 'reset').some((fault) => at(fault, 'head'))) {
    res.socket?.resetAndDestroy();
    await forever(gone);
  }
}

/** A point in the body where something happens. */
interface Stop {
  readonly after: number;
  readonly act: () => Promise<void>;
}

async function sendBody(
  res: ServerResponse,
  body: Buffer,
  faults: readonly Fault[],
  gates: Gates,
  gone: AbortSignal,
): Promise<void> {
  const [truncate] = all(faults, 'truncate');
  const half = Math.floor(body.length / 2);
  const end = truncate ? Math.max(0, body.length - (truncate.missing ?? body.length - half)) : body.length;
  const where = (fault: { readonly afterBytes?: number }) => Math.min(fault.afterBytes ?? half, end);
  const stops: Stop[] = [];
  for (const gate of all(faults, 'gate')) {
    if (at(gate, 'body')) stops.push({ after: where(gate), act: () => gates.pass(gate.name, gone) });
  }
  for (const hang of all(faults, 'hang')) {
    if (at(hang, 'body')) stops.push({ after: where(hang), act: () => forever(gone) });
  }
  for (const reset of all(faults, 'reset')) {
    if (!at(reset, 'body')) continue;
    const act = async (): Promise<void> => {
      await sleep(RESET_PAUSE, undefined, { signal: gone });
      res.socket?.resetAndDestroy();
      await forever(gone);
    };
    stops.push({ after: where(reset), act });
  }
  stops.sort((a, b) => a.after - b.after);
  const [latency] = all(faults, 'latency');
  res.flushHeaders();
  if (latency?.bodyMs) await sleep(latency.bodyMs, undefined, { signal: gone });
  const slow = latency?.chunkDelayMs ?? 0;
  const size = latency?.chunkBytes ?? (slow > 0 ? 16_384 : body.length);
  let sent = 0;
  while (!gone.aborted) {
    while (stops[0] && stops[0].after <= sent) await stops.shift()?.act();
    if (gone.aborted || sent >= end) return;
    if (slow > 0) await sleep(slow, undefined, { signal: gone });
    const next = Math.min(sent + Math.max(1, size), stops[0]?.after ?? end, end);
    await write(res, body.subarray(sent, next));
    sent = next;
  }
}

/** Resolves when the bytes were handed to the kernel, or the connection is gone. */
function write(res: ServerResponse, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    res.once('close', resolve);
    res.write(bytes, () => {
      res.off('close', resolve);
      resolve();
    });
  });
}

function forever(gone: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (gone.aborted) resolve();
    else gone.addEventListener('abort', () => resolve(), { once: true });
  });
}
