/**
 * What every load generator reports.
 * @typedef {object} LoadResult
 * @property {string} tool
 * @property {number} requests answered
 * @property {number} micros how long it took
 * @property {number} bad answers with a wrong status
 * @property {number} failed connections refused, reset, or without an answer in time
 * @property {number} p50 µs
 * @property {number} p99 µs
 * @property {number} p999 µs
 */
export {};
