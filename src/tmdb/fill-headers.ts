import type { RawHeaders } from '../http/headers.js';
import { IMAGE_ACCEPT, type ImageAccept } from './accept.js';
import type { Credential } from './credentials.js';

export interface FillHeaderOptions {
  readonly userAgent: string;
  readonly pseudonym: string;
  readonly credential: Credential | undefined;
}

/** Fields of a fill that may be shared: all our own, none of the client's (CONTRACT.md, Settled details; I-19). */
export interface FillHeaders {
  readonly api: RawHeaders;
  readonly image: Readonly<Record<ImageAccept, RawHeaders>>;
}

/** Made once: every fill of one kind sends the same fields. */
export function fillHeaders(options: FillHeaderOptions): FillHeaders {
  const { credential } = options;
  const identity = ['User-Agent', options.userAgent, 'Via', `1.1 ${options.pseudonym}`];
  const api = ['Accept', 'application/json', 'Accept-Encoding', 'gzip', ...identity];
  if (credential?.kind === 'v4') api.push('Authorization', `Bearer ${credential.value}`);
  // Images are compressed already; asking for identity keeps a coding from being added on the way.
  const image = (accept: ImageAccept): RawHeaders =>
    Object.freeze(['Accept', IMAGE_ACCEPT[accept], 'Accept-Encoding', 'identity', ...identity]);
  return { api: Object.freeze(api), image: { webp: image('webp'), plain: image('plain') } };
}
