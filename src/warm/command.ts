import type { ExportChoice } from './export-list.js';

/** Targets of one list. */
export const MAX_LINES = 1_000_000;
/** Targets in flight of one job. */
export const MAX_CONCURRENCY = 32;
export const DEFAULT_CONCURRENCY = 8;

interface Begins {
  readonly concurrency: number;
}

/** What may be asked of the warm-up of a node. Plain data. */
export type WarmCommand =
  /** Paths, and addresses of the API, the images and the web. `last`: no more will be appended. */
  | (Begins & {
      readonly kind: 'urls';
      readonly urls: readonly string[];
      readonly last: boolean;
      readonly source: string;
    })
  | { readonly kind: 'append'; readonly id: string; readonly urls: readonly string[]; readonly last: boolean }
  | (Begins & { readonly kind: 'export'; readonly choice: ExportChoice })
  /** What is asked for most, and was before the last restart. */
  | (Begins & { readonly kind: 'hot'; readonly top: number })
  | { readonly kind: 'pause' | 'resume' | 'cancel'; readonly id: string };
