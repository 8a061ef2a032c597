/** When the examples happen. */
export const NOW = '2026-01-31T12:00:00.000Z';
/** An hour before. */
export const STARTED = '2026-01-31T11:00:00.000Z';
