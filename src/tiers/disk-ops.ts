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

export interface DeleteOp {
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

export type Op = SetOp | DeleteOp | ClearOp;

/** What a key of the running batch was and becomes. */
export interface KeyState {
  readonly key: Buffer;
  readonly before: RowFacts | undefined;
  present: boolean;
  after: { row: Buffer; facts: RowFacts } | 'removed' | undefined;
}

/** Whether the key still is where it lay when the batch began. */
export function isBefore(state: KeyState, place: Place): boolean {
  return state.after === undefined && state.before !== undefined && samePlace(state.before.place, place);
}

/** The row of a set whose body was written at `place`. */
export function rowOf(op: SetOp, place: Place): { row: Buffer; facts: RowFacts } {
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
