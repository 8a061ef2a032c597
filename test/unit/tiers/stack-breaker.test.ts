import { beforeEach, describe, expect, it } from 'vitest';
import { RemoteBreaker } from '../../../src/tiers/breaker.js';
import { FakeClock, settle } from '../../support/fake-clock.js';

let clock: FakeClock;
let probes: number;
let changes: string[];
let probe: () => Promise<void>;
let beforeReturn: () => Promise<void>;
let breaker: RemoteBreaker;

beforeEach(() => {
  clock = new FakeClock();
  probes = 0;
  changes = [];
  probe = async () => {};
  beforeReturn = async () => {};
  breaker = new RemoteBreaker({
    clock,
    probe: () => {
      probes++;
      return probe();
    },
    beforeReturn: () => beforeReturn(),
    onChange: () => changes.push(breaker.state),
  });
});

const broken = async (): Promise<never> => {
  throw new Error('connection refused');
};
const fails = () => breaker.run(broken).catch(() => 'failed');
const works = () => breaker.run(async () => 'ok');

async function pass(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 50) {
    clock.advance(50);
    await settle(2);
  }
}

describe('a remote breaker', () => {
  it('starts out of use, so that a program without Redis serves at once, and comes in after a good probe', async () => {
    expect(breaker).toMatchObject({ state: 'open', inUse: false, reason: 'not yet asked' });
    await breaker.start();
    expect(breaker).toMatchObject({ state: 'closed', inUse: true, reason: undefined });
    expect(changes).toEqual(['closed']);
  });

  it('opens after three failures in a row, and says why and since when', async () => {
    await breaker.start();
    clock.advance(500);
    await fails();
    await fails();
    expect(breaker.inUse).toBe(true);
    await fails();
    expect(breaker).toMatchObject({
      state: 'open',
      reason: 'connection refused',
      since: clock.now(),
      failures: 3,
    });
    expect(changes).toEqual(['closed', 'open']);
  });

  it('opens when every third call fails, as with one dead master of three', async () => {
    await breaker.start();
    for (let i = 0; i < 12 && breaker.inUse; i++) await (i % 3 === 2 ? fails() : works());
    expect(breaker.inUse).toBe(false);
  });

  it('stays closed while one call in ten fails', async () => {
    await breaker.start();
    for (let i = 0; i < 200; i++) await (i % 10 === 9 ? fails() : works());
    expect(breaker.inUse).toBe(true);
  });

  it('is not used before purges were read again (I-1)', async () => {
    let known = () => {};
    beforeReturn = () => new Promise((resolve) => (known = resolve));
    const started = breaker.start();
    await settle();
    expect(breaker).toMatchObject({ state: 'half_open', inUse: false });
    known();
    await started;
    expect(breaker.inUse).toBe(true);
  });

  it('rests again when the purges could not be read', async () => {
    beforeReturn = async () => {
      throw new Error('rules not read');
    };
    await breaker.start();
    expect(breaker).toMatchObject({ state: 'open', reason: 'rules not read' });
    beforeReturn = async () => {};
    await pass(300);
    expect(breaker.inUse).toBe(true);
  });

  it('sees a return within about two seconds, however long the tier was away', async () => {
    probe = broken;
    await breaker.start();
    await pass(60_000);
    expect(probes).toBeLessThan(70);
    expect(probes).toBeGreaterThan(29);
    expect(changes).toEqual([]);
    probe = async () => {};
    await pass(2000);
    expect(breaker.inUse).toBe(true);
  });

  it('probes when jitter says so, so that nodes do not come in step', async () => {
    probe = broken;
    clock.randomValue = 0;
    await breaker.start();
    clock.advance(124);
    expect(probes).toBe(1);
    clock.advance(1);
    expect(probes).toBe(2);
  });

  it('is not brought back or taken out by an answer to a call of an earlier time', async () => {
    await breaker.start();
    const late: (() => void)[] = [];
    const hanging = Array.from({ length: 6 }, () =>
      breaker
        .run(() => new Promise<void>((_, reject) => late.push(() => reject(new Error('late')))))
        .catch(() => {}),
    );
    for (let i = 0; i < 3; i++) await fails();
    await pass(300);
    expect(breaker.inUse).toBe(true);
    for (const end of late) end();
    await Promise.all(hanging);
    expect(breaker.inUse).toBe(true);
  });

  it('goes out within two seconds although nobody asks: health is true on an idle node', async () => {
    await breaker.start();
    probe = broken;
    await pass(2000);
    expect(breaker.inUse).toBe(false);
  });

  it('goes out when it takes no writes, however many reads succeed', async () => {
    await breaker.start();
    probe = async () => {
      throw new Error('OOM');
    };
    for (let ms = 0; ms < 2000 && breaker.inUse; ms += 50) {
      for (let i = 0; i < 20; i++) await works();
      await pass(50);
    }
    expect(breaker).toMatchObject({ inUse: false, reason: 'OOM' });
  });

  it('is not taken out by one pulse that got lost', async () => {
    await breaker.start();
    let lost = 0;
    probe = async () => {
      if (lost++ % 2 === 0) throw new Error('lost');
    };
    await pass(20_000);
    expect(changes).toEqual(['closed']);
    expect(lost).toBeGreaterThan(10);
  });

  it('rests longer and longer while it comes and goes', async () => {
    await breaker.start();
    const pauses: number[] = [];
    for (let i = 0; i < 4; i++) {
      for (let n = 0; n < 3; n++) await fails();
      const from = clock.now();
      while (!breaker.inUse) await pass(50);
      pauses.push(clock.now() - from);
    }
    expect(pauses[3]).toBeGreaterThan(pauses[0]! * 3);
    await pass(11_000);
    for (let n = 0; n < 3; n++) await fails();
    await pass(300);
    expect(breaker.inUse).toBe(true);
  });

  it('survives a probe that never ends', async () => {
    probe = () => new Promise(() => {});
    void breaker.start();
    clock.advance(5000);
    await settle();
    expect(breaker).toMatchObject({ state: 'open', reason: 'probe: no end within 5000 ms' });
  });

  it('does nothing any more once stopped', async () => {
    let answer = () => {};
    probe = () => new Promise((resolve) => (answer = resolve));
    const started = breaker.start();
    breaker.stop();
    answer();
    await started;
    await pass(5000);
    expect(breaker).toMatchObject({ state: 'open', reason: 'closed' });
    expect(probes).toBe(1);
  });
});
