import type { OriginPhase } from '../origin/source.js';

/**
 * What a request may spend its time with: L2 is looked at, another request's fill is waited for, a lease or another node's fill
 * is waited for; then as at the origin.
 */
export type Phase = 'l2' | 'wait' | 'lease' | OriginPhase;

/** Told when a phase is over, how long it took, ms; several times where it was gone through several times. */
export type OnPhase = (phase: Phase, ms: number) => void;

/** What a client's request brings along for whatever is asked on its behalf, should it lead. Nothing of it is kept. */
export interface Attendants {
  readonly onPhase?: OnPhase | undefined;
  /** See `OriginRequest`. */
  readonly trace?: readonly string[] | undefined;
}
