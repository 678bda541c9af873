import { topology } from '../../../contracts/topology.ts';
import { activatorTypes } from '../../../workers/activators/registry.ts';
import { migrate } from '../migrations/migrate.ts';
import { assertTopology } from '../../platform/broker/topology.ts';
import { explain } from './explain.ts';
import { Sentence } from './sentence.ts';

/**
 * What a deployment runs once before its roles (DATABASE_URL, AMQP_URL): migrations and topology. `npm start` does the
 * same by itself.
 */
const { DATABASE_URL, AMQP_URL } = process.env;
try {
  if (!DATABASE_URL || !AMQP_URL)
    throw new Sentence('Set DATABASE_URL and AMQP_URL to the servers that are to be prepared.');
  const applied = await migrate(DATABASE_URL);
  console.log(applied.length === 0 ? 'the database is up to date' : `migrated the database: ${applied.join(', ')}`);
  await assertTopology(AMQP_URL, topology(await activatorTypes()));
  console.log('exchanges, queues and bindings are declared');
} catch (error) {
  console.error(explain(error));
  process.exitCode = 1;
}
