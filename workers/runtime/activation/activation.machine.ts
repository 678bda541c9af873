/** Where an activation stands. `applying` and `compensating` go on by themselves; `stalled` needs a person. */
export const phases = ['applying', 'compensating', 'stalled', 'completed', 'failed'] as const;
export type Phase = (typeof phases)[number];

/**
 * Where an entry of the plan stands.
 * - `planned`: not its turn. `queued`: its message is on the way.
 * - `calling`: one holder of the lease may call. `reading`: one holder reads back what became of a call.
 * - `waiting`: certainly not applied, to be called at its time. `checking`: outcome unknown, to be read back at its time.
 * - `landed`, `skipped`, `refused` (the platform said no): over. `stalled`: retries ran out.
 */
export const entryStates = [
  'planned',
  'queued',
  'calling',
  'reading',
  'waiting',
  'checking',
  'landed',
  'skipped',
  'refused',
  'stalled',
] as const;
export type EntryState = (typeof entryStates)[number];

export type EntryTrigger = 'queue' | 'call' | 'read' | 'land' | 'wait' | 'check' | 'refuse' | 'stall' | 'skip';

/** The life of one entry. A call is made only out of `queued`, `waiting`, or a `reading` that stayed negative. */
export const entryTransitions: Readonly<Record<EntryState, Readonly<Partial<Record<EntryTrigger, EntryState>>>>> = {
  planned: { queue: 'queued', call: 'calling' },
  queued: { call: 'calling' },
  calling: { land: 'landed', wait: 'waiting', check: 'checking', refuse: 'refused', stall: 'stalled', read: 'reading' },
  reading: {
    land: 'landed',
    check: 'checking',
    call: 'calling',
    refuse: 'refused',
    stall: 'stalled',
    read: 'reading',
  },
  waiting: { call: 'calling' },
  checking: { read: 'reading' },
  stalled: { call: 'calling', read: 'reading', skip: 'skipped' },
  landed: {},
  skipped: {},
  refused: {},
};
