import { existsSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { forgetDockerData } from './docker.ts';
import { homeFromEnvironment, ownerOf } from './home.ts';
import { endLeftovers } from './leftovers.ts';
import { dataOutside } from './postgres-place.ts';
import { explain, Sentence } from './sentence.ts';

/** `npm run reset`: forgets the data of a home, keeps downloaded packages and the choice of ports. */
async function reset(): Promise<void> {
  const home = homeFromEnvironment(process.env);
  const owner = ownerOf(home);
  if (owner !== undefined) {
    throw new Sentence(`Patchbay runs in ${home.root} (process ${owner.pid}): stop it first, then reset.`);
  }
  if (existsSync(home.root) && !existsSync(home.portsFile)) {
    throw new Sentence(
      `${home.root} is not a Patchbay data folder: set PATCHBAY_HOME to the one whose data is to be forgotten.`,
    );
  }
  await endLeftovers(home.processes);
  await forgetDockerData(home);
  const outside = dataOutside(home.postgres);
  const held: [string, string][] = [
    ['database', home.postgres],
    ...(outside === undefined ? [] : [['database', dirname(outside)] as [string, string]]),
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
