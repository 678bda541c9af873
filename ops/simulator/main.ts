import { z } from 'zod';
import { createLog } from '../platform/log.ts';
import { startSimulator } from './simulator.ts';

/**
 * The network simulator: the platforms that Patchbay provisions, as one process, for development and fault tests.
 * README.md beside this file says what it speaks. PORT 0 takes any free port; the first line of the log names it.
 */
const environment = z
  .object({
    PORT: z.coerce.number().int().min(0).max(65_535),
    DATA_DIR: z.string().min(1),
    /** What the partner operator's calls back are signed with; without it nobody is called back. */
    PLATFORM_PARTNER_SECRET: z.string().min(1).optional(),
    /** Milliseconds until the partner operator delivers. */
    DELIVER_AFTER_MS: z.coerce.number().min(0).optional(),
    HOST: z.string().min(1).default('127.0.0.1'),
    LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  })
  .safeParse(process.env);

if (!environment.success) {
  process.stderr.write(`The network simulator's environment is incomplete:\n${z.prettifyError(environment.error)}\n`);
  process.exit(2);
}

const {
  PORT,
  DATA_DIR,
  HOST,
  LOG_LEVEL,
  PLATFORM_PARTNER_SECRET: secret,
  DELIVER_AFTER_MS: afterMs,
} = environment.data;
const log = createLog('network', LOG_LEVEL);

try {
  const simulator = await startSimulator({
    ...{ port: PORT, dataDir: DATA_DIR, host: HOST, log },
    delivering: { ...(secret === undefined ? {} : { secret }), ...(afterMs === undefined ? {} : { afterMs }) },
  });
  log.info({ url: simulator.url, port: Number(new URL(simulator.url).port) }, 'network simulator listening');

  const stop = (signal: NodeJS.Signals) => {
    log.info({ signal }, 'network simulator stopping');
    void simulator.close().then(
      () => process.exit(0),
      (error: unknown) => {
        log.fatal({ error }, 'network simulator did not stop cleanly');
        process.exit(1);
      },
    );
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
} catch (error) {
  log.fatal({ error }, 'network simulator did not start');
  process.exit(1);
}
