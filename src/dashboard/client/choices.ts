import { within } from './dom.js';

/** The chosen value of a group of radio buttons. */
export function chosen(form: ParentNode, name: string): string {
  return within<HTMLInputElement>(form, `input[name="${name}"]:checked`).value;
}

/** Chooses a value as a click would. */
export function choose(form: ParentNode, name: string, value: string): void {
  const input = form.querySelector<HTMLInputElement>(`input[name="${name}"][value="${CSS.escape(value)}"]`);
  if (input === null) return;
  input.checked = true;
  input.dispatchEvent(new Event('change', { bubbles: true }));
}

/** Shows the fields of the chosen value (`data-for`) and hides those of others. */
export function showFieldsOf(form: HTMLElement, name: string): void {
  const show = () => {
    const value = chosen(form, name);
    for (const field of form.querySelectorAll<HTMLElement>('[data-for]'))
      field.hidden = field.dataset.for !== value;
  };
  form.addEventListener('change', show);
  show();
}

/** The text of a field of a form. */
export function fieldText(form: HTMLElement, name: string): string {
  const field = within<HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement>(form, `[name="${name}"]`);
  return field.value.trim();
}

/** Says how it went below a form. */
export function tell(notice: HTMLElement, text: string, failed: boolean): void {
  notice.hidden = false;
  notice.classList.toggle('error', failed);
  notice.classList.toggle('done', !failed);
  notice.textContent = text;
}
