// The bench is plain JavaScript: what its pure parts are to these tests.
declare module '*/bench/lib/arguments.mjs' {
  export function readArguments(argv: readonly string[]): Record<string, unknown>;
}
declare module '*/bench/lib/changes.mjs' {
  export function changedSince(commit: string, git?: (args: readonly string[]) => string): string | undefined;
}
declare module '*/bench/lib/clients.mjs' {
  type Fields = Readonly<Record<string, string>>;
  export function clientsOf(count: number): Fields[];
  export function clientsText(clients: readonly Fields[]): string;
}
declare module '*/bench/lib/cpu.mjs' {
  interface Stat {
    readonly ppid: number;
    readonly ticks: number;
  }
  export function parseStat(text: string): Stat;
  export function ticksOfTree(root: number, stats: ReadonlyMap<number, Stat>): number;
}
declare module '*/bench/lib/document.mjs' {
  export function withTables(text: string, results: ReadonlyMap<string, object>): string;
}
declare module '*/bench/lib/feed-day.mjs' {
  interface Day {
    readonly seconds: number;
    readonly scale: number;
    readonly titles: number;
    readonly stored: readonly string[];
    readonly reads: readonly { readonly at: number; readonly id: number; readonly path: string }[];
    readonly edits: readonly { readonly at: number; readonly id: number }[];
    readonly preludeMs: number;
  }
  export function feedDay(seconds: number, seed?: number): Day;
  export function fasterTimes(scale: number): Record<string, string>;
}
declare module '*/bench/lib/feed-edits.mjs' {
  export class Edits {
    made(id: number, at: number): number;
    counts(): [id: number, count: number][];
    staleness(id: number, seen: number, askedAt: number): number;
  }
  export function patchOf(number: number): Record<string, string>;
  export function editShown(body: string): number;
}
declare module '*/bench/lib/feed-summary.mjs' {
  interface Ages {
    readonly count: number;
    readonly share: number;
    readonly p50: number;
    readonly p99: number;
    readonly max: number;
  }
  interface Summed {
    readonly all: Ages;
    readonly fresh: Ages;
    readonly stale: Ages;
    readonly hitRate: number;
    readonly originRequests: number;
  }
  interface Replayed {
    readonly answers: readonly { readonly outcome: 'hit' | 'stale' | 'miss'; readonly old: number }[];
    readonly asked: Readonly<Record<'titles' | 'unchanged' | 'feed' | 'other', number>>;
  }
  export function agesOf(old: readonly number[], scale: number): Ages;
  export function summed(replayed: Replayed, scale: number, weekly?: number): Summed;
  export function rowsOf(plain: Summed, fed: Summed): [name: string, plain: unknown, fed: unknown][];
}
declare module '*/bench/lib/goals.mjs' {
  interface Judged {
    readonly text: string;
    readonly value: number | null;
    readonly min?: number;
    readonly max?: number;
    readonly verdict: 'reached' | 'within noise' | 'not reached' | 'not measured';
  }
  export function judge(goal: object, results: object): Judged;
  export function judgeAll(goals: readonly object[] | undefined, results: object): Judged[];
}
declare module '*/bench/lib/order.mjs' {
  export function orderOf<T>(items: readonly T[], round: number): T[];
}
declare module '*/bench/lib/result-file.mjs' {
  export function resultText(result: object): string;
}
declare module '*/bench/lib/statistics.mjs' {
  interface Ratio {
    readonly median: number;
    readonly min: number;
    readonly max: number;
  }
  type Rounds = readonly (number | undefined)[];
  export function median(values: readonly number[]): number;
  export function quantile(values: readonly number[], q: number): number;
  export function pairedRatio(ours: Rounds, theirs: Rounds): Ratio | undefined;
}
declare module '*/bench/lib/trace.mjs' {
  interface TraceOptions {
    readonly length: number;
    readonly hot: readonly string[];
    readonly cold: readonly string[];
    readonly fresh: (n: number) => string;
    readonly coldShare: number;
    readonly freshShare: number;
    readonly exponent: number;
    readonly seed: number;
  }
  export function zipf(count: number, exponent: number, random: () => number): () => number;
  export function traceOf(options: TraceOptions): string[];
}
declare module '*/bench/lib/verify.mjs' {
  interface Answer {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: Buffer;
  }
  export function faultOf(answer: Answer, path: string, expect: object): string | undefined;
  export function saysHit(headers: Answer['headers']): boolean | undefined;
}
declare module '*/bench/load/answer-reader.mjs' {
  export class AnswerReader {
    constructor(onAnswer: (status: number) => void);
    read(chunk: Buffer): void;
  }
}
declare module '*/bench/load/wrk.mjs' {
  type Fields = Readonly<Record<string, string>>;
  export function clientsScript(paths: readonly string[], clients: readonly Fields[], folder: string): string;
}
declare module '*/bench/origin/bodies.mjs' {
  interface Answer {
    readonly json: boolean;
    readonly prefix: Buffer;
    readonly rest: Buffer;
  }
  export function answerOf(target: string): Answer | undefined;
  export function bodyOf(target: string): Buffer;
  export function gzipOf(answer: Answer): Buffer;
  export function jsonPath(kB: number, n: number): string;
  export function imagePath(kB: number, n: number): string;
  export function plainPath(bytes: number, rest: string): string;
}
declare module '*/bench/scenarios/index.mjs' {
  interface Variant {
    readonly name: string;
    readonly targets: readonly string[];
    readonly beside?: unknown;
    readonly paths: readonly string[];
    readonly list?: (round: number, options: { readonly smoke: boolean }) => readonly string[];
    readonly clients?: readonly Readonly<Record<string, string>>[];
  }
  interface Goal {
    readonly variant?: string;
    readonly target?: string;
    readonly against?: string;
  }
  export const scenarios: readonly {
    readonly variants?: readonly Variant[];
    readonly goals?: readonly Goal[];
  }[];
}
declare module '*/bench/targets/index.mjs' {
  export function targetNamed(name: string): { readonly name: string };
}
