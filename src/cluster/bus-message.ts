import { z } from 'zod';

/** Numbers are text: Lua's JSON would round them. */
const number = z
  .string()
  .regex(/^\d{1,16}$/)
  .transform(Number);

const rung = z.object({
  seq: number,
  prev: number,
  era: z.string(),
  run: z.string(),
  node: z.string(),
  /** Absent when there are many: they are then read from the log. */
  members: z.array(z.string()).optional(),
});
const acked = z.object({ acks: z.array(z.number()), node: z.string() });
const message = z.union([rung, acked]);

export type Rung = z.infer<typeof rung>;
export type Acked = z.infer<typeof acked>;

/** What another node said; undefined if it can't be understood (another version, a foreign publisher). */
export function parseBusMessage(text: string): Rung | Acked | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined; // the caller takes it as a gap
  }
  return message.safeParse(value).data;
}
