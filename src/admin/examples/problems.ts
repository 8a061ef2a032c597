import type { Problem } from '../problem.js';

const problem = (status: number, title: string, code: string, detail: string): Problem => ({
  type: 'about:blank',
  title,
  status,
  code,
  detail,
});

const WRONG_LIMIT = 'must be a whole number from 1 to 1000';

/** One of each, by status. */
export const PROBLEMS = {
  400: {
    ...problem(400, 'Bad Request', 'bad_request', `limit: ${WRONG_LIMIT}`),
    invalid_params: [{ name: 'limit', in: 'query', reason: WRONG_LIMIT }],
  },
  401: problem(
    401,
    'Unauthorized',
    'unauthorized',
    'This path needs the admin key. Send the admin key as X-API-Key or as Authorization: Bearer.',
  ),
  403: problem(
    403,
    'Forbidden',
    'forbidden',
    'No ADMIN_API_KEY is set, so this path answers on the loopback interface only. Set ADMIN_API_KEY on the proxy and send it as X-API-Key or as Authorization: Bearer.',
  ),
  404: problem(
    404,
    'Not Found',
    'not_found',
    'No tier holds this key. Keys are listed by /cache/keys and /cache/search.',
  ),
  409: problem(409, 'Conflict', 'conflict', 'job mfz1k2a0 is done. Look at its present state first.'),
  413: problem(
    413,
    'Content Too Large',
    'content_too_large',
    'The body is larger than 1048576 bytes. Send several requests.',
  ),
  422: problem(
    422,
    'Unprocessable Content',
    'config_invalid',
    'JSON_DISK_TTL="soon": it must be a number of minutes. Correct it and ask again; what held before still holds.',
  ),
  429: problem(
    429,
    'Too Many Requests',
    'too_many_attempts',
    'Too many wrong admin keys from this address. Wait 1 s; the right key works at once.',
  ),
  500: problem(
    500,
    'Internal Server Error',
    'internal',
    'A fault in the proxy. The log has the details under this request id.',
  ),
} as const satisfies Record<number, Problem>;
