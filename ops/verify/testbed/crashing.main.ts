import { topology } from '../../../contracts/topology.ts';
import { tallyHandlers } from '../../platform/messaging/tally.fixture.ts';
import { startWorker } from '../../platform/messaging/worker.ts';
import { connectBroker } from '../../platform/broker/connection.ts';
import { createPublisher } from '../../platform/broker/publisher.ts';
import { connectDatabase } from '../../platform/database.ts';
import { createLog } from '../../platform/log.ts';
import { startRelay } from '../../platform/messaging/relay.ts';
import { testQueue, testType } from './test-queue.ts';

/**
 * A process that handles the test queue and dies, without a word, whenever it meets a tally whose id begins with
 * `killer`: `node ops/verify/testbed/crashing.main.ts <database url> <amqp url>`. For tests of what the broker and the next process
 * make of it.
 */
const [databaseUrl = '', amqpUrl = ''] = process.argv.slice(2);
const log = createLog('crashing', 'silent');
const sql = connectDatabase(databaseUrl, { connections: 3, role: 'crashing' });
const publisher = createPublisher(await connectBroker(amqpUrl, 'crashing publishes', log), log);
startWorker(
  {
    sql,
    relay: startRelay(sql, publisher, log),
    consuming: await connectBroker(amqpUrl, 'crashing consumes', log),
    topology: topology([testType]),
    log,
    batchSize: 16,
    retry: { attempts: 3, baseMs: 1, capMs: 2 },
  },
  {
    queue: testQueue,
    worker: 'crashing',
    handlers: tallyHandlers({
      deciding: (id) => {
        if (id.startsWith('killer')) process.kill(process.pid, 'SIGKILL');
      },
    }),
  },
);
