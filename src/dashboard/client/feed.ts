import type { Watched } from '../wire.js';
import type { Store } from './store.js';

/** News come every two seconds; without any for so long the server is slow, ms. */
const LATE_MS = 9000;
const AGAIN_MS = 3000;
const LOOK_MS = 1000;

/**
 * Follows the server's events while the page is to be seen. Browsers have six connections to a host, over all their tabs: streams of
 * tabs in the background would leave none to ask anything with.
 */
export function follow(store: Store): void {
  let heardAt = performance.now();
  let source: EventSource | undefined;
  let again: ReturnType<typeof setTimeout> | undefined;
  const open = () => {
    const opened = new EventSource('/dashboard/events');
    source = opened;
    heardAt = performance.now();
    source.onopen = () => store.restart();
    source.addEventListener('news', ({ data }) => {
      heardAt = performance.now();
      store.take(JSON.parse(data as string) as Watched);
    });
    source.onerror = () => {
      // The browser itself tries again while there is only no connection; what was refused is closed.
      if (opened.readyState === EventSource.CLOSED) void refused(opened);
      else store.setLink('lost');
    };
  };
  const refused = async (opened: EventSource) => {
    const status = await fetch('/dashboard/api/status', { signal: AbortSignal.timeout(LATE_MS) }).then(
      (response) => response.status,
      () => 0,
    );
    if (source !== opened) return; // hidden meanwhile
    const shut = status === 401 || status === 403;
    store.setLink(shut ? 'closed' : status === 200 ? 'full' : 'lost');
    if (!shut) again = setTimeout(open, AGAIN_MS);
  };
  const close = () => {
    clearTimeout(again);
    source?.close();
    source = undefined;
  };
  document.addEventListener('visibilitychange', () => {
    close();
    if (!document.hidden) open();
  });
  setInterval(() => {
    if (source !== undefined && store.link === 'live' && performance.now() - heardAt > LATE_MS)
      store.setLink('late');
  }, LOOK_MS);
  if (!document.hidden) open();
}
