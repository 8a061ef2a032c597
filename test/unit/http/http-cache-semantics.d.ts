/** What the differential test uses of http-cache-semantics, which brings no types. */
declare module 'http-cache-semantics' {
  export interface OracleRequest {
    readonly method: string;
    readonly url: string;
    /** Names in lower case. */
    readonly headers: Readonly<Record<string, string>>;
  }

  export default class CachePolicy {
    constructor(
      request: OracleRequest,
      response: { readonly status: number; readonly headers: Readonly<Record<string, string>> },
      options: { readonly shared: boolean },
    );
    /** Clock, ms since epoch; meant to be replaced. */
    now(): number;
    storable(): boolean;
    /** Freshness lifetime in seconds. */
    maxAge(): number;
    /** Age now in seconds. */
    age(): number;
    satisfiesWithoutRevalidation(request: OracleRequest): boolean;
  }
}
