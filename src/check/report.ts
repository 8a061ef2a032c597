import { type Finding, fail, type Part } from './finding.js';

/** A part that has not said anything by then hangs, ms; the attempts within one have deadlines of their own. */
const PART_MS = 12_000;

/** Tries all parts at once; what they found, in their order. Never rejects. */
export async function findings(parts: readonly Part[]): Promise<Finding[]> {
  return (await Promise.all(parts.map(tried))).flat();
}

async function tried({ name, look }: Part): Promise<readonly Finding[]> {
  const signal = AbortSignal.timeout(PART_MS);
  const late = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  try {
    return await Promise.race([look(signal), late]);
  } catch (thrown) {
    const what = signal.aborted ? `nothing was found out within ${PART_MS / 1000} s` : String(thrown);
    return [fail(name, what, 'run it again; if it stays so, report it')];
  }
}

const WORDS = { ok: 'ok', warn: 'warn', fail: 'FAIL' } as const;

/** A line each: verdict, part, what was found and what to do. */
export function printed(found: readonly Finding[]): string {
  const width = Math.max(...found.map(({ part }) => part.length));
  const lines = found.map(({ verdict, part, found: what, advice }) => {
    const start = `${WORDS[verdict].padEnd(4)}  ${part.padEnd(width)}  ${oneLine(what)}`;
    return advice === undefined ? start : `${start} → ${oneLine(advice)}`;
  });
  return `${lines.join('\n')}\n`;
}

/** The same for programs. */
export function printedJson(found: readonly Finding[]): string {
  return `${JSON.stringify({ ok: passed(found), findings: found }, undefined, 2)}\n`;
}

/** Whether nothing failed. */
export function passed(found: readonly Finding[]): boolean {
  return found.every(({ verdict }) => verdict !== 'fail');
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
