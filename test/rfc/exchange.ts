/** A field's value, its lines, or what it becomes at the moment it is sent. Undefined in an expectation: absent. */
export type Value = string | readonly string[] | ((at: Place) => string);
export type Fields = Readonly<Record<string, Value>>;

/** Where a case runs: what absolute addresses and dates are made of. */
export interface Place {
  /** Base URL of the origin. */
  readonly origin: string;
  /** Path of the case, its own in each run. */
  readonly path: string;
}

/** What the origin does with one request. The default is a 200 whose body is `body N`, N counting the case's answers. */
export interface Answer {
  readonly status?: number;
  readonly fields?: Fields;
  readonly body?: string;
  readonly interim?: readonly { readonly status: number; readonly fields: Fields }[];
  /** Sent after a chunked body. */
  readonly trailers?: Fields;
  readonly noDate?: boolean;
  /** `close`: the connection ends before any byte of the answer; `cut`: after half of the body. */
  readonly fate?: 'close' | 'cut';
  /** The whole answer, byte for byte; the connection ends after it. */
  readonly raw?: string;
}

/** A request as the origin saw it; fields in lower case, lines joined. */
export interface Seen {
  readonly method: string;
  readonly target: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** An origin that looks at the request, for steps in which a cache may ask in more than one way, or not at all. */
export type Resource = (seen: Seen) => Answer;

/** What a field must be: equal, matching, accepted, or (undefined) absent. */
export type Pattern = string | RegExp | ((value: string | undefined) => boolean) | undefined;

/** One request of a client, what the origin does with it, and what the client must get. */
export interface Step {
  /** Before the request, real ms. */
  readonly waitMs?: number;
  readonly method?: string;
  /** Added to the path of the case, such as `/other` or `?q`. */
  readonly at?: string;
  readonly send?: Fields;
  readonly body?: string;

  /** Absent: the origin must not be asked. */
  readonly answer?: Answer | Resource;
  /** The origin is asked in the background; the client must not wait for this answer. */
  readonly behind?: Answer;

  /** Default: the answer's, or 200 where it is a 304 or nothing was asked. */
  readonly status?: number | readonly number[];
  /** Default: the last body sent with a status other than 304; for a `Resource` it must be given. */
  readonly text?: string | RegExp;
  readonly has?: Readonly<Record<string, Pattern>>;
  /** Fields of interim responses the client must have got, in order. Default: none. */
  readonly interim?: readonly { readonly status: number; readonly has: Readonly<Record<string, Pattern>> }[];
  /** What the origin must have seen in the last request of the step. */
  readonly saw?: Readonly<Record<string, Pattern>>;
  /** The client must notice that the response is not whole. */
  readonly broken?: boolean;
}

export interface Case {
  /** The promise, with its RFC section. */
  readonly name: string;
  readonly steps: readonly Step[];
}

/** Two requests, of which the origin sees one. */
export function kept(name: string, answer: Answer, more: Partial<Step> = {}): Case {
  const { send = {}, at = '' } = more;
  return {
    name,
    steps: [
      { answer, send, at },
      { status: answer.status ?? 200, ...more },
    ],
  };
}

/** Two requests, of which the origin sees both. */
export function notKept(name: string, answer: Answer, more: Partial<Step> = {}): Case {
  const { send = {}, at = '' } = more;
  return {
    name,
    steps: [
      { answer, send, at },
      { answer: {}, ...more },
    ],
  };
}

/** Two requests, the second of which the origin answers with 304. */
export function validated(name: string, answer: Answer, more: Partial<Step> = {}): Case {
  return { name, steps: [{ answer }, { answer: { status: 304 }, ...more }] };
}

/** An HTTP date so many seconds from the moment it is sent. */
export function date(seconds: number): () => string {
  return () => new Date(Date.now() + seconds * 1000).toUTCString();
}
