export type { CatalogueSize } from './catalogue.js';
export type { EditedKind } from './changes.js';
export type { Fault, FaultKind, Place } from './fault-kinds.js';
export type { ActiveFault, Faults } from './faults.js';
export type { Journal, LoggedRequest, RequestTest } from './journal.js';
export type { Limits } from './limits.js';
export type { SampleOriginOptions } from './options.js';
export type { Json, JsonObject } from './random.js';
export { type SampleOrigin, startSampleOrigin } from './server.js';
