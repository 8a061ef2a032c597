import { expect, it } from 'vitest';
import { LogWriter } from '../../../src/observe/log-writer.js';
import { FakeClock } from '../../support/fake-clock.js';

/** A reader with so much room, bytes; or whose descriptor fails. */
function readBy(room: number) {
  const clock = new FakeClock();
  const reader = {
    room,
    text: '',
    failing: undefined as string | undefined,
    pauses: 0,
    sizes: [] as number[],
  };
  const writer: LogWriter = new LogWriter({
    clock,
    write: (bytes) => {
      const buffer = Buffer.from(bytes);
      const code = reader.failing ?? (reader.room === 0 ? 'EAGAIN' : undefined);
      if (code !== undefined) throw Object.assign(new Error(code), { code });
      const taken = Math.min(reader.room, buffer.length);
      reader.sizes.push(buffer.length);
      reader.text += buffer.subarray(0, taken).toString('latin1');
      reader.room -= taken;
      return taken;
    },
    pause: () => reader.pauses++,
    onLost: (lines) => writer.write(`lost ${lines}\n`),
  });
  return { clock, reader, writer };
}

it('a line is written before the next thing happens, where it is taken', () => {
  const { reader, writer } = readBy(1000);
  writer.write('a\n');
  expect(reader.text).toBe('a\n');
});

it.each(['EAGAIN', 'ENOSPC', 'EPIPE', 'EIO'])('%s: lines wait and come in order, each once', (code) => {
  const { clock, reader, writer } = readBy(3);
  writer.write('one\n');
  writer.write('tw\u00f6\n');
  reader.failing = code;
  clock.advance(1000);
  writer.write('three\n');
  expect(reader.text).toBe('one');
  reader.failing = undefined;
  reader.room = 4;
  clock.advance(1000);
  expect(reader.text).toBe('one\ntw\u00c3');
  reader.room = 1000;
  clock.advance(1000);
  expect(Buffer.from(reader.text, 'latin1').toString()).toBe('one\ntw\u00f6\nthree\n');
});

it('holds a bounded number of bytes, counts what is lost beyond and says so once there is room', () => {
  const { clock, reader, writer } = readBy(0);
  const line = `${'x'.repeat(1023)}\n`;
  for (let i = 0; i < 2000; i++) writer.write(line);
  reader.room = Number.POSITIVE_INFINITY;
  clock.advance(1000);
  expect(reader.text).toBe(`${line.repeat(1024)}lost 976\n`);
  writer.write('next\n');
  expect(reader.text.endsWith('lost 976\nnext\n')).toBe(true);
});

it('what waited is written in pieces that a pipe takes whole, so that lines of several processes do not mix', () => {
  const { clock, reader, writer } = readBy(0);
  for (let i = 0; i < 100; i++) writer.write(`${'x'.repeat(300)}\n`);
  reader.room = Number.POSITIVE_INFINITY;
  clock.advance(1000);
  expect(reader.text).toHaveLength(30_100);
  expect(Math.max(...reader.sizes)).toBeLessThanOrEqual(4096);
  expect(reader.sizes.length).toBeLessThan(10);
});

it('at the end waits a second for whoever reads, and not at all for who is gone', () => {
  const { reader, writer } = readBy(0);
  writer.write('last words\n');
  writer.flushSync();
  expect(reader.pauses).toBe(50);
  reader.failing = 'EPIPE';
  writer.flushSync();
  expect(reader.pauses).toBe(50);
  reader.failing = undefined;
  reader.room = 1000;
  writer.flushSync();
  expect(reader.text).toBe('last words\n');
});
