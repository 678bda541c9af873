import { activatorQueue } from '../../../contracts/topology.ts';

/** A service type, and with it a work queue, that belongs to no domain: for tests of what every worker stands on. */
export const testType = 'test';
export const testQueue = activatorQueue(testType);
