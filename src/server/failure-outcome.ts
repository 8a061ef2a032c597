import type { Outcome } from '../cache/outcome.js';
import type { ClientRequest, Route, SharedRoute } from '../cache/site.js';
import type { Exchange } from './exchange.js';
import type { ServerSettings } from './settings.js';

const FAILED = { result: 'error', served: 'none', stored: false } as const;

/** Of a read that may be shared. */
export function failedRead({ class: of, template, key }: SharedRoute): Outcome {
  return { ...FAILED, class: of, route: template, key };
}

/** What happened, as far as it is known: the route is asked again, since a failed request left nothing else behind. */
export function failureOutcome({ outcome, settings, request }: Exchange): Outcome {
  if (outcome !== undefined) return { ...outcome, ...FAILED };
  const route = routeOf(settings, request);
  if (route === undefined || route.kind === 'refuse') return { ...FAILED, class: 'other' };
  if (route.kind === 'shared') return failedRead(route);
  const forward = route.reason === 'method' ? 'method' : 'bypass';
  return { ...FAILED, class: 'pass', route: route.template, forward, pass: route.reason };
}

/** Undefined if it is the site that fails: this is asked while a failure is told, and one here would end the process. */
function routeOf({ site }: ServerSettings, request: ClientRequest): Route | undefined {
  try {
    return site.route(request);
  } catch {
    return undefined;
  }
}
