import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isInstalled } from '../../run/bootstrap/install.mjs';
import { clone, ownerOf, type Home } from '../../run/bootstrap/home.ts';
import type { RunFile } from '../../run/bootstrap/run-file.ts';
import { findingsOf, type Finding } from './finding.ts';
import { checkPartitions, placesOf } from './partitions.ts';

const { fine, wrong } = findingsOf('machine');
/** Node, packages, every partition in use, and whether a system runs in this home. */
export function checkMachine(home: Home, run: RunFile | undefined): Finding[] {
  return [checkNode(), checkPackages(), ...checkPartitions(placesOf(home)), checkRun(home, run)];
}

function checkNode(): Finding {
  const manifest = JSON.parse(readFileSync(join(clone, 'package.json'), 'utf8')) as { dependencies: { node: string } };
  const pinned = manifest.dependencies.node;
  const running = process.versions.node;
  return running === pinned
    ? fine('Node', running)
    : wrong('Node', `${running}, pinned is ${pinned}`, 'run it through npm or npx patchbay, which use the pinned one');
}

function checkPackages(): Finding {
  return isInstalled(clone)
    ? fine('packages', 'as package-lock.json says')
    : wrong('packages', 'not what package-lock.json says', 'run npm ci');
}

function checkRun(home: Home, run: RunFile | undefined): Finding {
  const owner = ownerOf(home);
  if (run !== undefined && owner?.pid === run.pid)
    return fine('system', `runs since ${run.startedAt} (process ${run.pid})`);
  if (owner !== undefined)
    return wrong('system', `is starting or stopping (process ${owner.pid})`, 'wait for "ready", then ask again');
  if (run !== undefined) {
    return wrong(
      'system',
      `process ${run.pid} ended without cleaning up`,
      'run npm start: it ends what was left behind and goes on with the same data',
    );
  }
  return wrong(
    'system',
    `nothing runs in ${home.root}`,
    'run npm start, or set DATABASE_URL and AMQP_URL to look at a system elsewhere',
  );
}
