import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Workbench, createWorkbench, soon } from '../../ops/verify/testbed/workbench.ts';
import { type Breaker, startBreaker } from './breaker.ts';
import { leaseProbe, tripBreaker } from './breaker.store.ts';

let bench: Workbench;
const running: Breaker[] = [];

beforeAll(async () => void (bench = await createWorkbench()));
afterAll(() => bench.close());
afterEach(async () => {
  await Promise.all(running.splice(0).map((breaker) => breaker.stop()));
  await bench.sql`truncate platform.breaker`;
});

class Outage extends Error {}
class Refusal extends Error {}

/** A platform that is up or down, and breakers of as many processes as stand before it. */
function aPlatform() {
  const platform = { isUp: true, probes: 0 };
  const process = (): Breaker => {
    const breaker = startBreaker({
      platform: 'olt',
      sql: bench.sql,
      log: bench.log,
      probe: async () => {
        platform.probes += 1;
        if (!platform.isUp) throw new Outage();
      },
      isOutage: (error) => error instanceof Outage,
      moved: () => undefined,
    });
    running.push(breaker);
    return breaker;
  };
  return { platform, process };
}
const fails = (breaker: Breaker, error: Error = new Outage()) =>
  breaker.run(() => Promise.reject(error)).catch((thrown: unknown) => expect(thrown).toBe(error));
const works = (breaker: Breaker) => breaker.run(() => Promise.resolve('yes'));
const stateOf = async () =>
  (await bench.sql<{ state: string }[]>`select state from platform.breaker`)[0]?.state ?? 'closed';
/** The next probe may be made now. */
const hurry = () => bench.sql`update platform.breaker set probe_at = now() where state = 'open'`;

describe('a breaker', () => {
  test('trips for the whole fleet when more than half of at least five calls are outages', async () => {
    const { platform, process } = aPlatform();
    platform.isUp = false;
    const [one, other] = [process(), process()];
    for (let call = 0; call < 2; call += 1) await works(one);
    for (let call = 0; call < 2; call += 1) await fails(one);
    expect(await stateOf()).toBe('closed');
    await fails(one);
    await vi.waitUntil(() => one.isOpen() && other.isOpen(), soon);
    expect([one.admitted(), other.admitted()]).toEqual([0, 0]);
  });

  test('trips after eight outages in a row, however many calls were answered before', async () => {
    const breaker = aPlatform().process();
    for (let call = 0; call < 100; call += 1) await works(breaker);
    for (let call = 0; call < 7; call += 1) await fails(breaker);
    expect(await stateOf()).toBe('closed');
    await fails(breaker);
    expect(await stateOf()).toBe('open');
  });

  test('trips after three outages in a row where there is little traffic and no answer for two seconds', async () => {
    const breaker = aPlatform().process();
    await works(breaker);
    for (let call = 0; call < 2; call += 1) await fails(breaker);
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    expect(await stateOf()).toBe('closed');
    await fails(breaker);
    expect(await stateOf()).toBe('open');
  });

  test('takes a refusal for an answer, however many there are', async () => {
    const breaker = aPlatform().process();
    for (let call = 0; call < 20; call += 1) await fails(breaker, new Refusal());
    expect([await stateOf(), breaker.isOpen(), breaker.admitted()]).toEqual(['closed', false, 1]);
  });

  test('throws what the call throws and gives what it gives', async () => {
    const breaker = aPlatform().process();
    expect(await works(breaker)).toBe('yes');
    await fails(breaker, new Refusal('no'));
  });
});

describe('an open breaker', () => {
  async function opened(processes: number) {
    const { platform, process } = aPlatform();
    platform.isUp = false;
    const fleet = Array.from({ length: processes }, process);
    await tripBreaker(bench.sql, 'olt', 'for the test');
    await vi.waitUntil(() => fleet.every((breaker) => breaker.isOpen()), soon);
    return { platform, fleet };
  }

  test('is probed by one process of the fleet at a time', async () => {
    await tripBreaker(bench.sql, 'olt', 'for the test');
    expect(await leaseProbe(bench.sql, 'olt')).toBe(false);
    await hurry();
    const leased = await Promise.all(Array.from({ length: 8 }, () => leaseProbe(bench.sql, 'olt')));
    expect(leased.filter(Boolean)).toHaveLength(1);
  });

  test('stays open while its probes fail, and they space out', async () => {
    const { platform, fleet } = await opened(2);
    const pauses: number[] = [];
    for (let probe = 1; probe <= 3; probe += 1) {
      await hurry();
      await vi.waitUntil(() => platform.probes === probe, soon);
      await vi.waitFor(async () => {
        const [row] = await bench.sql<{ pause: number }[]>`
          select extract(epoch from probe_at - now())::float8 as pause from platform.breaker where probes = ${probe} and probe_at < now() + interval '9 seconds'`;
        expect(row).toBeDefined();
        pauses[probe - 1] = row?.pause ?? 0;
      }, soon);
    }
    expect(fleet.every((breaker) => breaker.isOpen())).toBe(true);
    expect(pauses).toEqual(pauses.toSorted((a, b) => a - b));
  });

  test('once a probe is answered, lets a share of the traffic in, and all of it after the ramp', async () => {
    const { platform, fleet } = await opened(2);
    platform.isUp = true;
    await hurry();
    await vi.waitUntil(() => fleet.every((breaker) => !breaker.isOpen()), soon);
    expect(await stateOf()).toBe('ramping');
    for (const breaker of fleet) expect(breaker.admitted()).toBeLessThan(1);
    await bench.sql`update platform.breaker set changed_at = changed_at - interval '5 seconds'`;
    await vi.waitUntil(() => fleet.every((breaker) => breaker.admitted() >= 0.5), soon);
    await bench.sql`update platform.breaker set changed_at = changed_at - interval '10 seconds'`;
    await vi.waitFor(async () => expect(await stateOf()).toBe('closed'), soon);
    await vi.waitUntil(() => fleet.every((breaker) => breaker.admitted() === 1), soon);
    expect(platform.probes).toBe(1);
  });

  async function ramping() {
    const { platform, fleet } = await opened(1);
    platform.isUp = true;
    await hurry();
    await vi.waitUntil(() => fleet.every((breaker) => !breaker.isOpen()), soon);
    return fleet[0] as Breaker;
  }

  test('opens again when most calls fail while it ramps up', async () => {
    const breaker = await ramping();
    await fails(breaker);
    await fails(breaker);
    expect(await stateOf()).toBe('open');
  });

  test('ramps on past an outage now and then', async () => {
    const breaker = await ramping();
    for (let call = 0; call < 4; call += 1) {
      await works(breaker);
      await fails(breaker);
      await works(breaker);
    }
    expect(await stateOf()).toBe('ramping');
  });

  test('does not open again for what failed before the ramp', async () => {
    const { platform, process } = aPlatform();
    platform.isUp = false;
    const breaker = process();
    for (let call = 0; call < 5; call += 1) await fails(breaker);
    platform.isUp = true;
    await hurry();
    await vi.waitFor(async () => expect(await stateOf()).toBe('ramping'), soon);
    await vi.waitUntil(() => !breaker.isOpen(), soon);
    await fails(breaker);
    expect(await stateOf()).toBe('ramping');
  });

  test('answers for the outages that opened it, the first ones too', async () => {
    const { platform, process } = aPlatform();
    platform.isUp = false;
    const breaker = process();
    const first = fails(breaker).then(() => breaker.heldOff());
    for (let call = 0; call < 4; call += 1) await fails(breaker);
    expect(await first).toBe(true);
  });

  test('does not answer for an outage that comes alone', async () => {
    const breaker = aPlatform().process();
    for (let call = 0; call < 5; call += 1) await works(breaker);
    await fails(breaker);
    const alone = breaker.heldOff();
    await works(breaker);
    expect(await alone).toBe(false);
  });

  test('opened by two processes at once, it is opened once', async () => {
    const tripped = await Promise.all([1, 2, 3].map(() => tripBreaker(bench.sql, 'olt', 'for the test')));
    expect(tripped.filter(Boolean)).toHaveLength(1);
  });
});
