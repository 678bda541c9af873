import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { endForeign, type ProcessRecord } from './background-process.ts';
import { isRunning } from './process-identity.ts';

// Roles first: they still want to finish their work against a living broker and database.
const servicesLastFirst = ['rabbitmq', 'epmd', 'postgres'];

/**
 * Ends what a killed start left running in this home: roles, then services. A process is recognised by number and
 * start time together, so a stranger that got the same number is left alone.
 *
 * @returns the names of what was ended
 */
export async function endLeftovers(recordsFolder: string, graceMs = 10_000): Promise<string[]> {
  const records = readRecords(recordsFolder);
  const running = records.filter(isRunning);
  const roles = running.filter((record) => !servicesLastFirst.includes(record.name));
  await Promise.all(roles.map((record) => endForeign(record, graceMs)));
  for (const name of servicesLastFirst) {
    const service = running.find((record) => record.name === name);
    if (service !== undefined) await endForeign(service, 20_000);
  }
  for (const record of records) rmSync(join(recordsFolder, `${record.name}.json`), { force: true });
  return running.map((record) => record.name);
}

function readRecords(folder: string): ProcessRecord[] {
  let files: string[];
  try {
    files = readdirSync(folder).filter((file) => file.endsWith('.json'));
  } catch {
    return [];
  }
  return files.flatMap((file) => {
    try {
      return [JSON.parse(readFileSync(join(folder, file), 'utf8')) as ProcessRecord];
    } catch {
      return [];
    }
  });
}
