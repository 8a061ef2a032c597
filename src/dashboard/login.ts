import type { Hono } from 'hono';
import { deleteCookie, setCookie } from 'hono/cookie';
import { credentialsOf } from '../admin/credentials.js';
import { bodyText } from '../admin/json-body.js';
import type { ProblemInput } from '../admin/problem.js';
import { isOurs, sessionCookie } from './door.js';
import type { DashboardContext, DashboardEnv, DashboardOptions } from './env.js';
import type { Pages } from './pages.js';
import { SESSION_MS, type Sessions } from './session.js';

const MAX_FORM_BYTES = 8 * 1024;
const NOT_OURS: ProblemInput = {
  status: 403,
  code: 'forbidden',
  detail: 'The form was not sent by this page. Enter the key here.',
};

type LoginOptions = Pick<DashboardOptions, 'auth' | 'peer' | 'base' | 'management'> & {
  readonly sessions: () => Sessions | undefined;
  readonly pages: Pages;
};

/** Signing in with the admin key. Must stand before the door. */
export function loginRoutes(app: Hono<DashboardEnv>, options: LoginOptions): void {
  const { sessions, auth, peer, base, pages } = options;
  app.post('/dashboard/login', async (c) => {
    const opened = sessions();
    if (opened === undefined) return c.redirect('/dashboard', 303);
    // Else another site could sign somebody in to count against the brake of their address.
    if (!isOurs(c, base(c))) return pages.login(c, NOT_OURS, true);
    const form = new URLSearchParams(await bodyText(c.req.raw, MAX_FORM_BYTES));
    const apiKey = (form.get('key') ?? '').trim();
    const refused = auth({ ...credentialsOf(c), apiKey, authorization: undefined }, peer(c));
    if (refused !== undefined) return pages.login(c, refused, true);
    const { token } = await opened.open();
    setCookie(c, sessionCookie(c, base(c)), token, { ...cookieOf(c, options), maxAge: SESSION_MS / 1000 });
    return c.redirect('/dashboard', 303);
  });
}

/** Signing out; behind the door. */
export function logoutRoutes(app: Hono<DashboardEnv>, options: LoginOptions): void {
  app.post('/dashboard/logout', async (c) => {
    const session = c.get('session');
    if (session !== undefined) await options.management.endSession(session.id, session.until);
    deleteCookie(c, sessionCookie(c, options.base(c)), cookieOf(c, options));
    return c.redirect('/dashboard', 303);
  });
}

/**
 * The cookie goes to the dashboard and nowhere else: what is proxied for a user (an account, a rating) carries the client's cookies on to
 * the origin.
 */
function cookieOf(c: DashboardContext, { base }: LoginOptions) {
  const secure = base(c)?.startsWith('https:') === true;
  return { path: '/dashboard', httpOnly: true, sameSite: 'Strict', secure } as const;
}
