import { setTimeout as sleep } from 'node:timers/promises';
import type { Service } from '../../../run/bootstrap/service.ts';
import type { Drill } from '../drill.ts';
import { countLogged } from '../logged.ts';
import { backUp, dataFolderOf, makeSynchronous, promote, startStandby } from '../standby.ts';
import { crash } from './kill.ts';
import type { Scenario } from './scenario.ts';

const readOnlyMs = 15_000;

/** PostgreSQL with a synchronous standby: its address leads to the standby before that may be written to; then it may. And back. */
export const failover: Scenario = {
  name: 'failover',
  title: 'PostgreSQL fails over to a standby that is read-only at first, and back',
  paceMs: 700,
  async play(drill) {
    const { services, folders, standbyHome } = drill.stage;
    const first = services.postgres;
    const failures = drill.customers.answers['500'] ?? 0;
    const data = await dataFolderOf(first.url);
    const second = await startStandby(first.url, standbyHome);
    await makeSynchronous(first.url);
    await drill.flowing();
    await drill.blow('the address leads to the standby, which is promoted later', async () => {
      const refused = countLogged(standbyHome.logs, 'postgres', refusedWrite);
      lead(drill, second);
      await readOnly(drill, refused);
      await crash(first);
      await promote(second.url);
    });
    await drill.flowing();
    await backUp(second.url, data);
    await first.restart();
    await makeSynchronous(second.url);
    await drill.flowing();
    await drill.blow('the primary dies, the address leads to its standby, which is promoted later', async () => {
      const refused = countLogged(folders.logs, 'postgres', refusedWrite);
      await crash(second);
      lead(drill, first);
      await readOnly(drill, refused);
      await promote(first.url);
    });
    await drill.flowing();
    const blamed = (drill.customers.answers['500'] ?? 0) - failures;
    if (blamed > 0) throw new Error(`${blamed} POSTs were answered 500 although the database was away.`);
  },
};

const refusedWrite = /cannot execute .* in a read-only transaction/g;

/** Whoever asks for the database is answered by this one from now on. */
function lead({ stage: { ways } }: Drill, { url }: Service): void {
  for (const way of [ways.database, ways.stage]) {
    way.leadTo(url);
    way.cut();
  }
}

async function readOnly({ note }: Drill, refused: () => number): Promise<void> {
  await sleep(readOnlyMs);
  note(`${refused()} statements were refused because the standby is read-only`);
  if (refused() === 0) throw new Error('Nobody tried to write to the standby: this proves nothing.');
}
