import { randomUUIDv7 } from 'node:crypto';
import { parse, v5 } from 'uuid';

/** A new id that sorts by time (UUIDv7). */
export const newId = (): string => randomUUIDv7();

/** Our own namespace for derived ids. In bytes, like the name below: the library reads text slower than it hashes. */
const namespace = parse('6f1d9d1e-5c0e-5a0b-9a53-0c9be3d3f2a7');

/** The same id for the same parts, always (UUIDv5): what makes a re-issued command meet its own earlier effect. */
export const derivedId = (...parts: readonly string[]): string => v5(Buffer.from(JSON.stringify(parts)), namespace);
