/**
 * What a promise about time may take longer where it is tested: such machines are busy, and a broken one hangs for good or fails
 * otherwise. How long things really take is measured by `npm run bench` and `npm run scenario`.
 */
export const PATIENCE_MS = 4000;
