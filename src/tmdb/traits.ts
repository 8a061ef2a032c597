import type { RawHeaders } from '../http/headers.js';
import type { AuthorizationJudge, AuthorizationKind } from './credentials.js';

/** What a client's fields say that matters for sharing: nothing else of them is ever looked at. */
export interface RequestTraits {
  readonly authorization: AuthorizationKind;
  /** A body is announced, which no key covers. */
  readonly hasBody: boolean;
  readonly accept: string | undefined;
}

/** What `readTraits` looks at. */
export const READ_FIELDS: ReadonlySet<string> = new Set([
  'accept',
  'authorization',
  'content-length',
  'transfer-encoding',
]);

/** One walk over the fields; names are told apart by length first, since this runs before every L1 lookup. */
export function readTraits(headers: RawHeaders, judge: AuthorizationJudge): RequestTraits {
  let authorization: AuthorizationKind = 'none';
  let authorizations = 0;
  let hasBody = false;
  let accept: string | undefined;
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i]!;
    const value = headers[i + 1]!;
    switch (name.length) {
      case 6:
        if (name.toLowerCase() === 'accept') accept = accept === undefined ? value : `${accept},${value}`;
        break;
      case 13:
        if (name.toLowerCase() === 'authorization') {
          authorizations += 1;
          // Two of them: whose the request is cannot be told.
          authorization = authorizations === 1 ? judge.kindOf(value) : 'foreign';
        }
        break;
      case 14:
        if (name.toLowerCase() === 'content-length' && !/^0+$/.test(value.trim())) hasBody = true;
        break;
      case 17:
        if (name.toLowerCase() === 'transfer-encoding') hasBody = true;
        break;
    }
  }
  return { authorization, hasBody, accept };
}
