import type { Manager } from '../manager.ts';
import { cpe } from './cpe.ts';
import { ipam } from './ipam.ts';
import { olt } from './olt.ts';

/** Every element manager that the simulator serves, by the path it is mounted at. A new one is a file and a name here. */
export const managers: Readonly<Record<string, Manager>> = { olt, ipam, cpe };
