import type { Scalar } from '../kind.js';
import type { SettingName } from '../settings/index.js';

/** A value that nobody wrote, and why it holds. */
export interface Derived {
  readonly value: Scalar;
  readonly reason: string;
}

export type DerivedValues = Map<SettingName, Derived>;
