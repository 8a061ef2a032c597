import { ask, type Received, type Reply } from './client.js';
import type { Case, Pattern, Place, Seen, Step } from './exchange.js';
import { linesOf, type RfcOrigin, type Script } from './origin.js';

/** A case that did not go as promised. `early`: the origin was asked for what may only not have been stored yet. */
export class Broken extends Error {
  constructor(
    message: string,
    readonly early: boolean,
  ) {
    super(message);
  }
}

export interface RunOptions {
  readonly proxy: string;
  readonly origin: RfcOrigin;
  /** Path of this run, never used before. */
  readonly path: string;
  /** Between two steps, real ms: an entry is stored a moment after its last byte has been sent. */
  readonly settleMs: number;
}

/** How long a background request may take to be seen, ms. */
const BEHIND_MS = 3_000;

/** Runs the steps in order and rejects at the first that is broken. */
export async function runCase(given: Case, options: RunOptions): Promise<void> {
  const script = options.origin.script(options.path);
  for (const [index, step] of given.steps.entries()) {
    if (index > 0) await wait(Math.max(options.settleMs, step.waitMs ?? 0));
    const unexpected = script.unexpected;
    const faults = await runStep(step, script, options).catch((error: Error) => [error.message]);
    if (faults.length > 0) {
      const seen = script.seen.map(printed).join('\n');
      const message = `step ${index + 1}: ${faults.join('\n')}\nThe origin saw\n${seen}`;
      throw new Broken(message, script.unexpected > unexpected);
    }
  }
}

async function runStep(step: Step, script: Script, { proxy, origin, path }: RunOptions): Promise<string[]> {
  const { answer, behind, method = 'GET' } = step;
  const dynamic = typeof answer === 'function';
  const seenBefore = script.seen.length;
  const bodyBefore = script.lastBody;
  script.resource = dynamic ? answer : undefined;
  if (answer !== undefined && !dynamic) script.answers.push(answer);
  if (behind !== undefined) script.answers.push(behind);

  const place: Place = { origin: origin.url, path };
  const reply = await ask(`${proxy}${path}${step.at ?? ''}`, {
    method,
    lines: linesOf(step.send ?? {}, place),
    body: step.body,
  });
  if (behind !== undefined) await until(() => script.seen.length > seenBefore);
  const asked = script.seen.slice(seenBefore);
  const due = answer === undefined && behind === undefined ? 0 : 1;
  const unanswered = script.answers.splice(0).length;
  const faults: string[] = [];
  if (!dynamic && asked.length !== due) {
    faults.push(`the origin was asked ${asked.length} times, not ${due} (${reply.fields['cache-status']})`);
  } else if (unanswered > 0) faults.push('the origin was not asked');
  const text = dynamic || behind === undefined ? script.lastBody : bodyBefore;
  faults.push(
    ...judge(step, reply, text),
    ...judgeFields('the origin saw', step.saw, asked.at(-1)?.fields ?? {}),
  );
  return faults;
}

/** Everything about the reply that is not as it must be. */
function judge(step: Step, reply: Reply, lastBody: string): string[] {
  const faults: string[] = [];
  // Where the head had not left yet, there is an error in its place, or no head at all.
  if (step.broken === true && reply.status >= 500) return faults;
  if (reply.broken !== (step.broken ?? false)) faults.push(`the body is ${reply.broken ? '' : 'not '}broken`);
  if (step.broken === true && reply.status === 0) return faults;
  const status = step.status ?? defaultStatus(step);
  if (typeof status === 'number' ? reply.status !== status : !status.includes(reply.status)) {
    faults.push(
      `status ${reply.status}, not ${status} (${reply.fields['cache-status']}; ${reply.text.slice(0, 120)})`,
    );
  }
  const empty = step.method === 'HEAD' || reply.status === 204 || reply.status === 304;
  const text = step.text ?? (empty ? '' : reply.status >= 500 && step.answer === undefined ? /./ : lastBody);
  if (step.broken !== true && !matches(reply.text, text)) {
    faults.push(`body ${JSON.stringify(reply.text.slice(0, 200))}, not ${String(text)}`);
  }
  faults.push(...judgeFields('the client got', step.has, reply.fields));
  const interim = step.interim ?? [];
  const got = reply.interim.map(({ status }) => status);
  if (got.join() !== interim.map(({ status }) => status).join()) {
    faults.push(
      `interim responses ${got.join() || 'none'}, not ${interim.map(({ status }) => status).join() || 'none'}`,
    );
  } else {
    for (const [i, { has }] of interim.entries()) {
      faults.push(...judgeFields(`interim response ${i + 1} has`, has, reply.interim[i]!.fields));
    }
  }
  return faults;
}

function defaultStatus({ answer }: Step): number {
  if (answer === undefined || typeof answer === 'function') return 200;
  return answer.status === undefined || answer.status === 304 ? 200 : answer.status;
}

function judgeFields(whose: string, wanted: Step['has'], fields: Received): string[] {
  return Object.entries(wanted ?? {})
    .filter(([name, pattern]) => !matches(fields[name.toLowerCase()], pattern))
    .map(([name, pattern]) => `${whose} ${name}: ${fields[name.toLowerCase()]}, not ${String(pattern)}`);
}

function matches(value: string | undefined, pattern: Pattern): boolean {
  if (typeof pattern === 'function') return pattern(value);
  if (pattern instanceof RegExp) return value !== undefined && pattern.test(value);
  return value === pattern;
}

const TELLING = ['if-none-match', 'if-modified-since', 'if-range', 'range', 'cache-control'];

function printed({ method, target, fields }: Seen): string {
  const told = TELLING.filter((name) => fields[name] !== undefined).map((name) => `${name}: ${fields[name]}`);
  return `  ${method} ${target} ${told.join(', ')}`;
}

async function until(condition: () => boolean): Promise<void> {
  for (let waited = 0; waited < BEHIND_MS && !condition(); waited += 20) await wait(20);
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
