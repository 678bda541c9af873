import type { Command } from 'commander';
import { homeFromEnvironment } from '../../run/bootstrap/home.ts';
import { readRunFile, type RunFile } from '../../run/bootstrap/run-file.ts';
import { checkBroker, type BrokerAddress } from '../doctor/broker.ts';
import { checkDatabase } from '../doctor/database.ts';
import { tableOf, type Finding } from '../doctor/finding.ts';
import { checkFleet } from '../doctor/fleet.ts';
import { checkMachine } from '../doctor/machine.ts';
import { checkPlatforms } from '../doctor/platforms.ts';

/** `patchbay doctor`: looks at everything the system depends on; exit code 1 when anything is wrong. */
export function doctor(program: Command): void {
  program
    .command('doctor')
    .description('check every dependency and say what is wrong and what to do')
    .option('--json', 'print the findings as JSON')
    .action(async (options: { json?: boolean }) => {
      const findings = await examine(process.env);
      console.log(
        options.json ? JSON.stringify({ ok: findings.every(({ ok }) => ok), findings }, null, 2) : tableOf(findings),
      );
      process.exitCode = findings.every(({ ok }) => ok) ? 0 : 1;
    });
}

/** What runs here, else what the environment names: a system elsewhere has no processes of this machine to look at. */
async function examine(env: NodeJS.ProcessEnv): Promise<Finding[]> {
  const home = homeFromEnvironment(env);
  const run = readRunFile(home);
  const databaseUrl = run?.urls.database ?? env['DATABASE_URL'];
  const broker = brokerOf(run, env);
  const isElsewhere = run === undefined && databaseUrl !== undefined;
  const machine = checkMachine(home, run).filter(({ what }) => !(isElsewhere && what === 'system'));
  const rest = await Promise.all([
    databaseUrl === undefined ? [] : checkDatabase(databaseUrl),
    databaseUrl === undefined ? [] : checkPlatforms(databaseUrl),
    broker === undefined ? [] : checkBroker(broker),
    run === undefined ? [] : checkFleet(run),
  ]);
  return [...machine, ...rest.flat()];
}

function brokerOf(run: RunFile | undefined, env: NodeJS.ProcessEnv): BrokerAddress | undefined {
  if (run !== undefined)
    return { url: run.urls.amqp, managementUrl: run.urls.rabbitmqManagement, login: run.management };
  const url = env['AMQP_URL'];
  if (!url) return undefined;
  const { username, password } = new URL(url);
  return {
    url,
    managementUrl: env['RABBITMQ_MANAGEMENT_URL'] || undefined,
    login: { user: decodeURIComponent(username || 'guest'), password: decodeURIComponent(password || 'guest') },
  };
}
