import type { Answer, Fields, Step } from '../exchange.js';

export const BODY = '0123456789';
export const FRESH = { 'Cache-Control': 'max-age=60' };
export const TAGGED = { ...FRESH, ETag: '"a"' };
/** Another version. */
export const NEXT = { ...FRESH, ETag: '"b"' };

export const range = (value: string): Fields => ({ Range: `bytes=${value}` });

/** The origin answers a range; the client sees the same. */
export const fetched = (value: string, answer: Answer): Step => ({
  send: range(value),
  answer,
  saw: { Range: `bytes=${value}` },
});

/** A range that comes from what is stored. */
export const ranged = (value: string, text: string, contentRange: string): Step => ({
  send: range(value),
  status: 206,
  text,
  has: { 'Content-Range': `bytes ${contentRange}` },
});

export const whole = (text = BODY): Step => ({ status: 200, text, has: { 'Content-Range': undefined } });
