import { byId, type Child, fill } from '../dom.js';

export interface Question {
  readonly title: string;
  readonly body: readonly Child[];
  /** What the button says that does it. */
  readonly yes: string;
  /** It can't be undone. */
  readonly grave: boolean;
}

/** Asks; true when the answer is yes. Escape is no. */
export function confirmed({ title, body, yes, grave }: Question): Promise<boolean> {
  const dialog = byId('confirm') as HTMLDialogElement;
  byId('confirm-title').textContent = title;
  const button = byId('confirm-yes');
  button.textContent = yes;
  button.className = grave ? 'danger' : 'primary';
  fill(byId('confirm-body'), ...body);
  dialog.returnValue = '';
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => resolve(dialog.returnValue === 'yes'), { once: true });
  });
}
