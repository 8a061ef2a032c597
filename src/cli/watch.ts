import { setTimeout } from 'node:timers/promises';

/** Clears the screen from the top, without a flash: what follows is drawn over what was there. */
const HOME = '\u001b[H';
const TO_LINE_END = '\u001b[K';
const TO_SCREEN_END = '\u001b[J';

interface Screen {
  write(text: string): unknown;
}

/** Draws text over what was drawn before it. */
export function draw(screen: Screen, text: string): void {
  const lines = text.split('\n').map((line) => line + TO_LINE_END);
  screen.write(`${HOME}${lines.join('\n')}\n${TO_SCREEN_END}`);
}

/** Calls `look` at once and then `everyMs` after it has resolved, until the signal fires. Rejects when `look` does. */
export async function repeated(
  look: () => Promise<void>,
  everyMs: number,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await look();
    if (signal.aborted) return;
    // Rejects when the signal fires.
    await setTimeout(everyMs, undefined, { signal }).catch(() => {});
  }
}
