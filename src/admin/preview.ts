/** What may be looked at of a stored body. Plain data. */
export type Preview =
  /** `type` is by its bytes, not by what the origin said. */
  | { readonly kind: 'image'; readonly type: string; readonly bytes: Uint8Array }
  /** `length`: bytes of all of it. `truncated`: `text` is its beginning only. */
  | {
      readonly kind: 'text';
      readonly json: boolean;
      readonly text: string;
      readonly length: number;
      readonly truncated: boolean;
    }
  | { readonly kind: 'none'; readonly reason: string };
