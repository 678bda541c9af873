import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Drill } from '../drill.ts';
import { emptyPool, orderMix } from '../order-mix.ts';
import { countOutbox } from '../witness.store.ts';
import type { Scenario } from './scenario.ts';

const lasts = 8_000;
const meanwhile = 60;
/** What a process may grow by while the broker takes nothing: batches and the unconfirmed, both bounded. */
const mostGrowthMb = 120;

/** RabbitMQ has no memory, then no disk: publishers are blocked, orders are taken, messages wait in the database. */
export const brokerAlarms: Scenario = {
  name: 'alarms',
  title: 'RabbitMQ raises its memory alarm, then its disk alarm',
  paceMs: 500,
  async play(drill) {
    await alarm(
      drill,
      'memory',
      ['set_vm_memory_high_watermark', '0.0000001'],
      ['set_vm_memory_high_watermark', '0.6'],
    );
    await drill.flowing();
    await alarm(drill, 'disk', ['set_disk_free_limit', '900000GB'], ['set_disk_free_limit', '50MB']);
    await drill.flowing();
  },
};

async function alarm(drill: Drill, what: string, raise: readonly string[], end: readonly string[]): Promise<void> {
  const { services, sql, fleet } = drill.stage;
  const { control } = services.rabbitmq;
  if (control === undefined) throw new Error('This broker cannot be told to raise an alarm.');
  await drill.blow(`the ${what} alarm is raised for ${lasts / 1000} s`, async () => {
    const sizes = (): Map<string, number> => new Map(fleet.processes.map(({ name, pid }) => [name, megabytes(pid)]));
    const before = sizes();
    await control(...raise);
    try {
      await drill.order(orderMix(`${what}-alarm`, meanwhile, emptyPool));
      await sleep(lasts);
      const outbox = await countOutbox(sql);
      if (outbox < meanwhile)
        throw new Error(`${meanwhile} orders were taken and ${outbox} messages wait: the alarm blocked nobody.`);
      const grown = [...sizes()].map(([name, size]) => ({ name, by: size - (before.get(name) ?? 0) }));
      const most = grown.toSorted((a, b) => b.by - a.by)[0];
      drill.note(`${outbox} messages wait in the outbox; ${most?.name} grew most, by ${most?.by} MB`);
      if ((most?.by ?? 0) > mostGrowthMb)
        throw new Error(`${most?.name} grew by ${most?.by} MB during the ${what} alarm.`);
    } finally {
      await control(...end);
    }
  });
}

/** Resident memory of a process; 0 where the system does not say. */
function megabytes(pid: number | undefined): number {
  try {
    const pages = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]);
    return Math.round((pages * 4_096) / 1_048_576);
  } catch {
    return 0;
  }
}
