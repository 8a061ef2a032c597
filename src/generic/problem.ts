import { STATUS_CODES } from 'node:http';

/** An error as application/problem+json (RFC 9457). `code` is ours and stable; the detail is for people. */
export function problemBody(status: number, code: string, message: string): { type: string; body: string } {
  const title = STATUS_CODES[status] ?? 'Error';
  return {
    type: 'application/problem+json',
    body: JSON.stringify({ type: 'about:blank', title, status, detail: message, code }),
  };
}
