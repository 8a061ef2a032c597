import type { WarmJobRow } from '../../../admin/answers/warm.js';
import { count, duration, plural, rate } from '../../../figures.js';
import { messageOf, send } from '../api.js';
import { chosen, fieldText, showFieldsOf, tell } from '../choices.js';
import { byId, h, put } from '../dom.js';
import type { Store } from '../store.js';
import { empty, type Mood, meter, pill } from '../widgets.js';

const PATH = '/dashboard/api/cache/warm';
const MOODS: Readonly<Record<WarmJobRow['status'], Mood>> = {
  queued: 'off',
  running: 'good',
  paused: 'warn',
  done: 'good',
  cancelled: 'off',
  failed: 'bad',
};
/** What may be done with a job in its state. */
const ACTIONS: Readonly<Partial<Record<WarmJobRow['status'], readonly ('pause' | 'resume' | 'cancel')[]>>> = {
  queued: ['cancel'],
  running: ['pause', 'cancel'],
  paused: ['resume', 'cancel'],
  failed: ['resume'],
};

/** Starting jobs, and how far they are. */
export function warm(store: Store): () => void {
  const form = byId('warm-form');
  const notice = byId('warm-result');
  showFieldsOf(form, 'from');
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const body = commandOf(form);
    if (body === undefined) tell(notice, 'Give at least one address.', true);
    else
      void ordered(
        notice,
        body,
        (job) => `Job ${job.id} ${job.status === 'queued' ? 'waits for its turn' : 'has begun'}.`,
      );
  });
  return () => {
    const { jobs } = store.state;
    if (jobs === undefined) return;
    const list = jobs.map((job) => jobItem(job, notice));
    put('jobs', list.length === 0 ? empty('No job of the last day.') : h('ul', { class: 'jobs' }, ...list));
  };
}

function commandOf(form: HTMLElement): object | undefined {
  const from = chosen(form, 'from');
  if (from === 'hot') return { hot: { top: Number(fieldText(form, 'hot')) } };
  if (from === 'export') {
    const languages = words(fieldText(form, 'languages'));
    return { export: { kind: fieldText(form, 'kind'), top: Number(fieldText(form, 'top')), languages } };
  }
  const urls = words(fieldText(form, 'urls'));
  return urls.length === 0 ? undefined : { urls, source: 'dashboard' };
}

function words(text: string): string[] {
  return text.split(/[\s,]+/).filter((word) => word !== '');
}

async function ordered(notice: HTMLElement, body: object, said: (job: WarmJobRow) => string): Promise<void> {
  try {
    tell(notice, said(await send<WarmJobRow>(PATH, body)), false);
  } catch (error) {
    tell(notice, messageOf(error), true);
  }
}

function jobItem(job: WarmJobRow, notice: HTMLElement): HTMLElement {
  const { id, source, status, total, done, hits, filled, skipped, errors, left_s: left, last_error } = job;
  const pace =
    status === 'running' ? `, ${rate(job.rate)}/s${left === null ? '' : `, ${duration(left)} left`}` : '';
  const buttons = (ACTIONS[status] ?? []).map((action) =>
    h(
      'button',
      {
        id: `${action}-${id}`,
        class: 'quiet',
        type: 'button',
        click: () => void ordered(notice, { [action]: id }, told(action)),
      },
      action,
    ),
  );
  return h(
    'li',
    {},
    h(
      'div',
      { class: 'row' },
      h('b', {}, source),
      pill(status, MOODS[status]),
      h('span', { class: 'dim' }, id),
      h('span', { class: 'grow' }),
      ...buttons,
    ),
    meter(total === 0 ? (status === 'done' ? 1 : 0) : done / total, `Job ${id}`, MOODS[status]),
    h(
      'p',
      { class: 'dim' },
      `${count(done)} of ${count(total)}${pace}: ${count(filled)} filled, ${count(hits)} fresh already, ${count(skipped)} skipped, ${plural(errors, 'error', 'errors')}`,
    ),
    last_error === null ? null : h('p', { class: 'dim' }, last_error),
  );
}

function told(action: 'pause' | 'resume' | 'cancel') {
  const does = { pause: 'rests', resume: 'goes on', cancel: 'is cancelled' } as const;
  return ({ id }: WarmJobRow) => `Job ${id} ${does[action]}.`;
}
