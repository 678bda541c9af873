import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { forgetDockerData } from './docker.ts';
import { foldersOf, homeFromEnvironment, ownerOf } from './home.ts';
import { endLeftovers } from './leftovers.ts';
import { foldersOutside } from './postgres-place.ts';
import { explain } from './explain.ts';
import { Sentence } from './sentence.ts';

/** `npm run reset`: forgets the data of a home, keeps downloaded packages and the choice of ports. */
async function reset(): Promise<void> {
  const home = homeFromEnvironment(process.env);
  const owner = ownerOf(home);
  if (owner !== undefined) {
    throw new Sentence(`Patchbay runs in ${home.root} (process ${owner.pid}): stop it first, then reset.`);
  }
  const isOurs = existsSync(home.portsFile) || foldersOf(home).every((folder) => existsSync(folder));
  if (existsSync(home.root) && !isOurs) {
    throw new Sentence(
      `${home.root} is not a Patchbay data folder: set PATCHBAY_HOME to the one whose data is to be forgotten.`,
    );
  }
  await endLeftovers(home.processes);
  await forgetDockerData(home);
  const held: [string, string][] = [
    ['database', home.postgres],
    ...foldersOutside(home.postgres).map((folder): [string, string] => ['database', folder]),
    ['broker', home.rabbitmq],
    ['simulator', home.simulator],
    ['logs', home.logs],
    ['run file', home.runFile],
    ['processes', home.processes],
    ['Docker ports', join(home.root, 'docker-ports.yml')],
  ];
  const found = held.filter(([, path]) => existsSync(path));
  for (const [, path] of found) rmSync(path, { recursive: true, force: true });
  console.log(
    found.length === 0
      ? `nothing to forget in ${home.root}`
      : found.map(([what, path]) => `removed ${what}  ${path}`).join('\n'),
  );
}

try {
  await reset();
} catch (error) {
  console.error(explain(error));
  process.exitCode = 1;
}
