import { createLog } from './log.ts';
import { registry } from './metrics/metrics.ts';

/** Logs three thousand lines of 1 KB, says on stderr how many were dropped, then one line every 20 ms until it is told to end. */
const log = createLog('fixture', 'info');
process.on('SIGTERM', () => {
  log.fatal(new Error('the end'), 'fatal');
  process.exit(7);
});
for (let n = 0; n < 3_000; n++) log.info({ n, text: 'x'.repeat(900) }, 'burst');
const metrics = await registry.getSingleMetricAsString('patchbay_log_lines_dropped_total');
process.stderr.write(`${/dropped_total (\d+)/.exec(metrics)?.[1]}\n`);
setInterval(() => log.info('beat'), 20);
