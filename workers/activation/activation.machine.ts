/**
 * Where an activation stands. `applying` and `compensating` go on by themselves; `stalled` needs a person. `partial`: over,
 * without its optional steps. `cancelled`: taken back because it was asked for.
 */
export const phases = ['applying', 'compensating', 'stalled', 'completed', 'partial', 'failed', 'cancelled'] as const;
export type Phase = (typeof phases)[number];
/** How an activation may end. */
export type EndPhase = Exclude<Phase, 'applying' | 'compensating' | 'stalled'>;

/**
 * Where an entry of the plan stands.
 * - `planned`: not its turn.
 * - `calling`: one holder of the lease may call. `reading`: one holder reads back what became of a call.
 * - `waiting`: certainly not applied, to be called at its time. `checking`: outcome unknown, to be read back at its time.
 * - `external`: an outside system took it on; its answer or the next poll is awaited. `polling`: one holder asks it.
 * - `landed`, `skipped`, `refused` (the platform said no): over. `dropped`: never called, and never will be.
 * - `withdrawn`: given up while an outside system had it; taken back with what landed. `stalled`: retries ran out.
 */
export const entryStates = [
  'planned',
  'calling',
  'reading',
  'waiting',
  'checking',
  'external',
  'polling',
  'landed',
  'skipped',
  'refused',
  'dropped',
  'withdrawn',
  'stalled',
] as const;
export type EntryState = (typeof entryStates)[number];

export type EntryTrigger =
  | 'call'
  | 'read'
  | 'land'
  | 'wait'
  | 'check'
  | 'submit'
  | 'poll'
  | 'refuse'
  | 'stall'
  | 'skip'
  | 'drop'
  | 'withdraw';

/**
 * The life of one entry. A call is made only out of `planned`, `waiting`, or a `reading` that stayed negative.
 * An outside system's answer may overtake the answer of the call that submitted the work.
 */
export const entryTransitions: Readonly<Record<EntryState, Readonly<Partial<Record<EntryTrigger, EntryState>>>>> = {
  planned: { call: 'calling', wait: 'waiting', drop: 'dropped' },
  calling: {
    land: 'landed',
    wait: 'waiting',
    check: 'checking',
    submit: 'external',
    refuse: 'refused',
    stall: 'stalled',
    read: 'reading',
  },
  reading: {
    land: 'landed',
    check: 'checking',
    submit: 'external',
    call: 'calling',
    wait: 'waiting',
    refuse: 'refused',
    stall: 'stalled',
    read: 'reading',
    drop: 'dropped',
  },
  waiting: { call: 'calling', wait: 'waiting', land: 'landed', drop: 'dropped' },
  checking: { read: 'reading', land: 'landed', refuse: 'refused' },
  external: { poll: 'polling', land: 'landed', refuse: 'refused', withdraw: 'withdrawn' },
  polling: {
    submit: 'external',
    land: 'landed',
    refuse: 'refused',
    stall: 'stalled',
    poll: 'polling',
    withdraw: 'withdrawn',
  },
  stalled: {
    call: 'calling',
    wait: 'waiting',
    read: 'reading',
    poll: 'polling',
    land: 'landed',
    skip: 'skipped',
    drop: 'dropped',
    withdraw: 'withdrawn',
  },
  landed: {},
  skipped: {},
  refused: {},
  dropped: {},
  withdrawn: {},
};
