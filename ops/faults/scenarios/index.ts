import { brokerRestarts } from './broker-restarts.ts';
import { databaseRestarts } from './database-restarts.ts';
import { deaths } from './deaths.ts';
import { duplicates } from './duplicates.ts';
import type { Scenario } from './scenario.ts';
import { unknownOutcomes } from './unknown-outcomes.ts';

/** Every way the system is broken on purpose. */
export const scenarios: readonly Scenario[] = [deaths, brokerRestarts, databaseRestarts, duplicates, unknownOutcomes];
