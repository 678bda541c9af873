/**
 * zod, with objects that keep the attributes they do not name. During a rolling upgrade a process of the older release
 * handles messages of the newer one, stores them in its rows and passes them on: what the newer one added must come
 * through. The types name only what this release knows.
 */
import { looseObject, type object as closedObject } from 'zod';

export * from 'zod';
export const object = looseObject as unknown as typeof closedObject;
