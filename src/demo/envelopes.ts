import type { JsonObject } from './random.js';

/** TMDB's numbers: the HTTP status that goes with each, and its text. */
const CODES: ReadonlyMap<number, readonly [status: number, message: string]> = new Map([
  [1, [200, 'Success.']],
  [2, [501, 'Invalid service: this service does not exist.']],
  [3, [401, 'Authentication failed: You do not have permissions to access the service.']],
  [4, [405, "Invalid format: This service doesn't exist in that format."]],
  [5, [422, 'Invalid parameters: Your request parameters are incorrect.']],
  [6, [404, 'Invalid id: The pre-requisite id is invalid or not found.']],
  [7, [401, 'Invalid API key: You must be granted a valid key.']],
  [8, [403, 'Duplicate entry: The data you tried to submit already exists.']],
  [9, [503, 'Service offline: This service is temporarily offline, try again later.']],
  [10, [401, 'Suspended API key: Access to your account has been suspended, contact TMDB.']],
  [11, [500, 'Internal error: Something went wrong, contact TMDB.']],
  [12, [201, 'The item/record was updated successfully.']],
  [13, [200, 'The item/record was deleted successfully.']],
  [14, [401, 'Authentication failed.']],
  [15, [500, 'Failed.']],
  [17, [401, 'Session denied.']],
  [18, [400, 'Validation failed.']],
  [20, [422, 'Invalid date range: Should be a range no longer than 14 days.']],
  [21, [200, 'Entry not found: The item you are trying to edit cannot be found.']],
  [22, [400, 'Invalid page: Pages start at 1 and max at 500. They are expected to be an integer.']],
  [23, [400, 'Invalid date: Format needs to be YYYY-MM-DD.']],
  [24, [504, 'Your request to the backend server timed out. Try again.']],
  [25, [429, 'Your request count (41) is over the allowed limit of (40).']],
  [26, [400, 'You must provide a username and password.']],
  [27, [400, 'Too many append to response objects: The maximum number of remote calls is 20.']],
  [29, [400, 'You must confirm this action: Please provide a confirm=true parameter.']],
  [30, [401, 'Invalid username and/or password: You did not provide a valid login.']],
  [33, [401, 'Invalid request token: The request token is either expired or invalid.']],
  [34, [404, 'The resource you requested could not be found.']],
  [35, [401, 'Invalid token.']],
  [37, [404, 'The requested session could not be found.']],
  [38, [401, "You don't have permission to edit this resource."]],
  [39, [401, 'This resource is private.']],
  [40, [200, 'Nothing to update.']],
  [42, [405, 'This request method is not supported for this resource.']],
  [43, [502, "Couldn't connect to the backend server."]],
  [44, [500, 'The ID is invalid.']],
  [46, [503, 'The API is undergoing maintenance. Try again later.']],
  [47, [400, 'The input is not valid.']],
]);

/** Codes that report success; all others are errors whatever their HTTP status says. */
const SUCCESSES = new Set([1, 12, 13]);

/** TMDB's envelope for a code, with the HTTP status that TMDB uses for it. Unknown codes read as 11. */
export function envelope(code: number, message?: string): { status: number; body: JsonObject } {
  const [status, text] = CODES.get(code) ?? [500, 'Internal error: Something went wrong, contact TMDB.'];
  return {
    status,
    body: { success: SUCCESSES.has(code), status_code: code, status_message: message ?? text },
  };
}

/** The code TMDB would most likely give with an HTTP status: what a `status` fault without a body answers. */
export function codeOfStatus(status: number): number {
  const known = new Map([
    [400, 5],
    [401, 7],
    [404, 34],
    [405, 42],
    [422, 5],
    [429, 25],
    [502, 43],
    [503, 9],
    [504, 24],
  ]);
  return known.get(status) ?? 11;
}

/** Thrown by a route to answer with TMDB's error envelope. */
export class TmdbError extends Error {
  readonly code: number;

  /** @param code TMDB's number (34 = not found); its HTTP status follows from it */
  constructor(code: number) {
    super(envelope(code).body.status_message as string);
    this.name = 'TmdbError';
    this.code = code;
  }
}
