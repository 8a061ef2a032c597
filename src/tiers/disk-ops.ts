import { encodeRow, type RowFacts, rowBytes, samePlace } from './disk-index.js';
import { recordBytes } from './disk-log.js';
import type { Place } from './disk-segments.js';
import type { SetResult } from './tier.js';

export interface SetOp {
  readonly kind: 'set';
  readonly key: Buffer;
  readonly fullKey: Buffer;
  readonly head: Buffer;
  readonly body: Buffer;
  readonly expires: number;
  /** Bytes it holds in memory until it is committed. */
  readonly cost: number;
  readonly done: (result: SetResult) => void;
}

interface DeleteOp {
  readonly kind: 'delete';
  readonly key: Buffer;
  /** Delete only what lies there: it may have been replaced since it was looked at. */
  readonly only: Place | undefined;
  readonly done: (existed: boolean) => void;
}

interface ClearOp {
  readonly kind: 'clear';
  readonly done: (entries: number) => void;
}

/** What is written together with others. */
export type Change = SetOp | DeleteOp;

export type Op = Change | ClearOp;

/** What a key of the running batch was and becomes. */
export interface KeyState {
  readonly key: Buffer;
  readonly before: RowFacts | undefined;
  present: boolean;
  after: { row: Buffer; facts: RowFacts } | 'removed' | undefined;
}

/** Whether the key still is where it lay when the batch began. */
function isBefore(state: KeyState, place: Place): boolean {
  return state.after === undefined && state.before !== undefined && samePlace(state.before.place, place);
}

/** The row of a set whose body was written at `place`. */
function rowOf(op: SetOp, place: Place): { row: Buffer; facts: RowFacts } {
  const bytes = recordBytes(op.fullKey.length, op.body.length);
  const row = encodeRow(place, bytes, op.expires, op.head);
  const facts = {
    place,
    recordBytes: bytes,
    indexBytes: rowBytes(op.key.length, row.length),
    expires: op.expires,
  };
  return { row, facts };
}

/** What becomes of the keys of a batch whose bodies lie at `places`, and what to tell its callers once that is written. */
export function changesOf(
  batch: readonly Change[],
  outcome: SetResult,
  places: readonly Place[],
  factsOf: (key: Buffer) => RowFacts | undefined,
): { states: readonly KeyState[]; answers: readonly (() => void)[] } {
  const states = new Map<string, KeyState>();
  const answers: (() => void)[] = [];
  let set = 0;
  for (const op of batch) {
    const state = stateOf(states, op.key, factsOf);
    if (op.kind === 'delete') {
      const matches = op.only === undefined || isBefore(state, op.only);
      const existed = matches && state.present;
      answers.push(() => op.done(existed));
      if (!existed) continue;
      state.present = false;
      state.after = 'removed';
    } else {
      answers.push(() => op.done(outcome));
      const place = places[set++];
      if (place === undefined) continue;
      state.present = true;
      state.after = rowOf(op, place);
    }
  }
  return { states: [...states.values()], answers };
}

function stateOf(
  states: Map<string, KeyState>,
  key: Buffer,
  factsOf: (key: Buffer) => RowFacts | undefined,
): KeyState {
  const name = key.toString('latin1');
  const known = states.get(name);
  if (known !== undefined) return known;
  const before = factsOf(key);
  const state: KeyState = { key, before, present: before !== undefined, after: undefined };
  states.set(name, state);
  return state;
}

/** What to tell the callers of a batch whose rows were not written. */
export function lost(batch: readonly Change[], outcome: SetResult): (() => void)[] {
  return batch.map((op) => {
    if (op.kind === 'delete') return () => op.done(false);
    return () => op.done(outcome === 'stored' ? 'failed' : outcome);
  });
}
