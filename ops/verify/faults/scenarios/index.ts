import { brokerAlarms } from './alarms.ts';
import { backlogAndClock, backlogAndRestart, brokerSuspended, consumerPaused, projectorAway } from './backlogs.ts';
import { brokerRestarts } from './broker-restarts.ts';
import { clockSkew } from './clock-skew.ts';
import { lostConnections } from './connections.ts';
import { consumerTimeout } from './consumer-timeout.ts';
import { crashingHandler } from './crash.ts';
import { databaseRestarts } from './database-restarts.ts';
import { deaths } from './deaths.ts';
import { duplicates } from './duplicates.ts';
import { failover } from './failover.ts';
import { brokerEmptied, longQueueDeleted, roleAtZero } from './losses.ts';
import { orderlyEnds } from './orderly-ends.ts';
import { platformOutages } from './platforms.ts';
import { poisonedQueues } from './poison.ts';
import { products } from './products.ts';
import { deletedQueues } from './queues.ts';
import { rollingUpgrade } from './rolling-upgrade.ts';
import type { Scenario } from './scenario.ts';
import { silentBroker, silentDatabase } from './silences.ts';
import { standstills } from './standstills.ts';
import { undoRaces } from './undo-races.ts';
import { unknownOutcomes } from './unknown-outcomes.ts';
import { unpublishedCommands } from './unpublished.ts';
import { unrecordedCalls } from './unrecorded.ts';

/** Every way the system is broken on purpose; the storm comes after them. */
export const scenarios: readonly Scenario[] = [
  deaths,
  products,
  unpublishedCommands,
  unrecordedCalls,
  orderlyEnds,
  clockSkew,
  rollingUpgrade,
  brokerRestarts,
  lostConnections,
  brokerAlarms,
  consumerTimeout,
  databaseRestarts,
  failover,
  silentDatabase,
  silentBroker,
  standstills,
  duplicates,
  poisonedQueues,
  crashingHandler,
  deletedQueues,
  longQueueDeleted,
  roleAtZero,
  brokerEmptied,
  projectorAway,
  backlogAndClock,
  backlogAndRestart,
  brokerSuspended,
  consumerPaused,
  unknownOutcomes,
  undoRaces,
  platformOutages,
];

/** Those that are played with every `npm test`: one of each thing that can break, the quicker ones. */
export const everyTime: readonly Scenario[] = [
  deaths,
  products,
  unrecordedCalls,
  lostConnections,
  databaseRestarts,
  duplicates,
  poisonedQueues,
  unknownOutcomes,
];
