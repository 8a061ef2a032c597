import type { OriginService } from '../origin/origin.js';
import type { OriginRequest, OriginResponse } from '../origin/source.js';
import type { Choice, Keyring } from './keyring.js';
import { type Carried, OwnKeys } from './own-keys.js';
import { refusalIn } from './refusal.js';

/**
 * Asks with the keyring's key wherever the request carries one of ours, and once more with the next when it is refused. What a
 * route carries is a placeholder: which key is in use is known to the core alone. Each attempt is a request of its own
 * within the origin's budget (I-15).
 *
 * @param standIns servers that are sent a key of their own in place of ours (a parent proxy): what they answer says nothing of
 *   ours
 */
export function rotating(
  origin: OriginService,
  keyring: Keyring,
  standIns: ReadonlySet<string> = new Set(),
): OriginService {
  let { credentials } = keyring;
  let keys = new OwnKeys(credentials);

  /** As the keyring is now, with those that requests may still carry which were made before. */
  function ownKeys(): OwnKeys {
    const now = keyring.credentials;
    const isSame = now.length === credentials.length && now.every((each, i) => each === credentials[i]);
    if (!isSame) {
      credentials = now;
      keys = new OwnKeys([...now, ...keyring.retired]);
    }
    return keys;
  }

  async function fetch(request: OriginRequest, own: OwnKeys, carried: Carried): Promise<OriginResponse> {
    const repeatable = request.retryable && request.body === undefined;
    const tried = new Set<number>();
    const wanted = { path: request.target, repeatable, kinds: carried.kinds };
    let choice = keyring.choose(wanted);
    if (choice === undefined) return origin.fetch(request);
    for (;;) {
      const asked = { ...request, ...own.replaced(request, carried, choice.credential) };
      const judged = await judge(await origin.fetch(asked), choice, request);
      if (!judged.refused) return judged.response;
      tried.add(choice.number);
      choice = repeatable && !request.signal.aborted ? keyring.choose({ ...wanted, tried }) : undefined;
      if (choice === undefined) return judged.response;
      judged.response.body.cancel();
    }
  }

  /** Tells the keyring what the answer says of the key. */
  async function judge(
    response: OriginResponse,
    choice: Choice,
    { target }: OriginRequest,
  ): Promise<{ readonly refused: boolean; readonly response: OriginResponse }> {
    if (standIns.has(response.server)) return { refused: false, response };
    // Parts of version 4 take tokens only: that a v3 key is refused there says nothing of it.
    if (choice.credential.kind === 'v3' && target.startsWith('/4/')) return { refused: false, response };
    if (response.status !== 401) {
      if (isSuccess(response.status)) keyring.worked(choice);
      return { refused: false, response };
    }
    const looked = await refusalIn(response);
    if (looked.code !== undefined) keyring.refused(choice, looked.code);
    return { refused: looked.code !== undefined, response: looked.response };
  }

  return {
    fetch(request) {
      const own = ownKeys();
      const carried = own.carriedBy(request);
      return carried === undefined ? origin.fetch(request) : fetch(request, own, carried);
    },
    status: () => origin.status(),
    close: () => origin.close(),
  };
}

/** What only an accepted key gets. */
function isSuccess(status: number): boolean {
  return (status >= 200 && status < 300) || status === 304;
}
