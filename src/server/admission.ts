import type { Route } from '../cache/site.js';
import { ProxyError } from '../errors.js';
import { readBodyKey } from './body-key.js';
import type { Exchange } from './exchange.js';
import type { Gate } from './settings.js';

/**
 * Lets a request in, or throws why not. From here on it is one without the proxy key: the site reads it as that of a client
 * with no credential of its own, and neither key, log nor origin can hold what it does not have.
 */
export async function admit(gate: Gate, exchange: Exchange): Promise<void> {
  const { settings } = exchange;
  const now = settings.clock.now();
  const body = await readBodyKey(exchange).catch((thrown: unknown) => {
    if (thrown instanceof ProxyError) throw thrown;
    throw new ProxyError('client_closed', 'the client left before its body had come');
  });
  const caller = gate.identify(
    { target: exchange.target, headers: exchange.headers, bodyKey: body?.key },
    now,
  );
  if (caller instanceof ProxyError) {
    const isGuess = caller.code === 'proxy_key_unknown';
    throw (isGuess ? gate.wrong(exchange.client) : undefined) ?? caller;
  }
  // What stands in the body may also be the client's own key to TMDB, beside one of ours elsewhere.
  const isOurs =
    body?.key !== undefined &&
    !(gate.identify({ target: '/', headers: [], bodyKey: body.key }, now) instanceof ProxyError);
  exchange.actAs(caller, body && (isOurs ? body.rest : body.bytes));
  const route = settings.site.route(exchange);
  // The engine says what is wrong with it; that is no answer of ours to count.
  if (route.kind === 'refuse') return;
  const verdict = await gate.enter(caller, admissionClass(route));
  if (verdict !== 'in') throw verdict;
}

/** What a tenant must be allowed to ask for: the class of what is shared, of all else `personal`. */
export function admissionClass(route: Exclude<Route, { kind: 'refuse' }>): string {
  return route.kind === 'shared' ? route.class : (route.class ?? 'personal');
}
