export type Child = Node | string | number | null | undefined | false;

type Props = Readonly<Record<string, string | number | boolean | undefined | ((event: Event) => void)>>;

/** An element; texts are text, never markup. A function is a listener (`click`), `true` an attribute without a value. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Props = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === false) continue;
    if (typeof value === 'function') element.addEventListener(name, value);
    else if (name.startsWith('--')) element.style.setProperty(name, String(value));
    else element.setAttribute(name, value === true ? '' : String(value));
  }
  element.append(...present(children));
  return element;
}

/** Puts these in the place of what is there. */
export function fill(target: Element, ...children: readonly Child[]): void {
  target.replaceChildren(...present(children));
}

/**
 * Puts this below the heading of the card with this id, in the place of what was there. The focus stays where it is, or goes to the
 * card when what had it is no more; what somebody selects or presses stays until they have done.
 */
export function put(id: string, content: HTMLElement): void {
  const card = byId(id);
  const old = card.querySelector('h2')?.nextElementSibling;
  if (old === null || old === undefined) card.append(content);
  else if (!inHand(old) && old.outerHTML !== content.outerHTML) replace(card, old, content);
}

function replace(card: HTMLElement, old: Element, content: HTMLElement): void {
  const focused = old.contains(document.activeElement) ? document.activeElement?.id : undefined;
  if (focused === '') return; // nobody knows where the focus would go
  old.replaceWith(content);
  if (focused === undefined) return;
  card.tabIndex = -1;
  (document.getElementById(focused) ?? card).focus({ preventScroll: true });
}

/** A button that goes away between press and release is not clicked. */
function inHand(element: Element): boolean {
  if (element.matches(':active')) return true;
  const selection = getSelection();
  return selection !== null && !selection.isCollapsed && element.contains(selection.anchorNode);
}

/** The element of the shell with this id. Throws when shell and program do not fit together. */
export function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no #${id}`);
  return found;
}

/** The first of this kind within; throws without any. */
export function within<E extends Element = HTMLElement>(root: ParentNode, selector: string): E {
  const found = root.querySelector<E>(selector);
  if (found === null) throw new Error(`the page has no ${selector}`);
  return found;
}

/** Sets a text if it is another: an unchanged one is not read out again. */
export function say(target: Element, text: string): void {
  if (target.textContent !== text) target.textContent = text;
}

function present(children: readonly Child[]): (Node | string)[] {
  return children.flatMap((child) =>
    child === null || child === undefined || child === false
      ? []
      : [typeof child === 'number' ? String(child) : child],
  );
}
