import type { ClearAnswer, PurgeAnswer } from '../../../admin/answers/cache.js';
import type { PurgeTally } from '../../../admin/management.js';
import { bytes, count, plural } from '../../../figures.js';
import { messageOf, send } from '../api.js';
import { choose, chosen, fieldText, showFieldsOf, tell } from '../choices.js';
import { byId, h, within } from '../dom.js';
import { confirmed } from './confirm.js';

const MEANINGS: Readonly<Record<string, string>> = {
  soft: 'The next reader still gets the old answer, at once, while it is fetched anew. If the origin fails, the old one goes on being served.',
  hard: 'Never served again, not even when the origin fails: the next reader waits for the origin.',
};

/** What a link may fill in; `how` is for people to choose. */
const NAMED: ReadonlySet<string> = new Set(['tag', 'url', 'key', 'class', 'all']);

/** What the form names, as `POST /cache/purge` takes it; `all` goes another way. */
type Selection = Readonly<Record<string, unknown>> & { readonly all?: true };

/** The form that purges. The returned function fills it in: `what` and `value` of a link. */
export function purge(): (query: URLSearchParams) => void {
  const form = byId('purge-form') as HTMLFormElement;
  const notice = byId('purge-result');
  const explain = () => {
    byId('purge-meaning').textContent = MEANINGS[chosen(form, 'how')] ?? '';
  };
  showFieldsOf(form, 'what');
  form.addEventListener('change', explain);
  form.addEventListener('change', () => {
    notice.hidden = true;
  });
  explain();
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void submit(form, notice);
  });
  return (query) => {
    const what = query.get('what') ?? '';
    if (!NAMED.has(what)) return;
    choose(form, 'what', what);
    // Everything has no field.
    const field = form.querySelector<HTMLInputElement>(`[name="${what}"]`);
    if (field !== null) field.value = query.get('value') ?? '';
  };
}

async function submit(form: HTMLElement, notice: HTMLElement): Promise<void> {
  const what = chosen(form, 'what');
  const soft = chosen(form, 'how') === 'soft';
  const value = what === 'all' ? '' : fieldText(form, what);
  if (what !== 'all' && value === '') return tell(notice, 'Say what to purge first.', true);
  const button = within<HTMLButtonElement>(form, 'button[type="submit"]');
  button.disabled = true;
  try {
    const selection = selectionOf(what, value);
    const tally = await send<PurgeTally>('/dashboard/tally', selection);
    if (await confirmed(question(what, value, soft, tally))) tell(notice, await run(selection, soft), false);
  } catch (error) {
    tell(notice, messageOf(error), true);
  } finally {
    button.disabled = false;
  }
}

function selectionOf(what: string, value: string): Selection {
  if (what === 'all') return { all: true };
  return what === 'class' ? { class: value } : { [`${what}s`]: [value] };
}

function question(what: string, value: string, soft: boolean, tally: PurgeTally) {
  const one = tally.entries === 1;
  const verb = soft
    ? one
      ? 'becomes stale'
      : 'become stale'
    : one
      ? 'is gone for good'
      : 'are gone for good';
  const some = tally.complete ? '' : 'At least ';
  const rest = tally.complete || tally.away ? '' : ` There was no time to look at all ${count(tally.total)}.`;
  const size = `${some}${plural(tally.entries, 'entry', 'entries')} (${bytes(tally.bytes)}) ${verb}.${rest}`;
  const named = what === 'all' ? 'Everything' : h('code', {}, value);
  return {
    title: soft ? 'Make stale?' : 'Purge for good?',
    body: [
      h('p', {}, named),
      h('p', { class: 'size' }, size),
      tally.away && h('p', { class: 'notice' }, 'Redis is away; what it holds is not counted.'),
      tally.entries === 0 &&
        tally.complete &&
        h(
          'p',
          { class: 'dim' },
          'Nothing that is stored is named by it. A fill that is under way would be, too.',
        ),
      h('p', { class: 'dim' }, MEANINGS[soft ? 'soft' : 'hard'] ?? ''),
    ],
    yes: soft ? 'Make stale' : 'Purge',
    grave: !soft,
  };
}

async function run(selection: Selection, soft: boolean): Promise<string> {
  if (selection.all === true) {
    const { message, pending } = await send<ClearAnswer>(
      `/dashboard/api/cache/clear?type=all&soft=${soft}`,
      {},
    );
    return `${message}.${pending ? ' Other nodes follow when Redis is back.' : ''}`;
  }
  const done = await send<PurgeAnswer>('/dashboard/api/cache/purge', { ...selection, soft });
  const nodes = plural(done.nodes_reached, 'node', 'nodes');
  return `${soft ? 'Made stale' : 'Purged'}: ${done.message}, ${nodes} told.`;
}
