import type { CommandRefused } from '../../contracts/messages/values.ts';
import type { JsonObject } from '../../contracts/tmf/common.ts';
import type { ResourceDescriptor } from '../tmf630/descriptor.ts';
import type { CommandOutcome } from '../commands/outcome.store.ts';

/** Columns of a view's row that hardly ever change once it is there. */
export interface SettledColumns {
  readonly external_id: string | null;
  readonly category: string | null;
  readonly party_ids: readonly string[];
  readonly created_at: Date | null;
}

/** One view while a batch of events is laid over it. */
export interface ViewState {
  readonly resource: ResourceDescriptor;
  readonly id: string;
  /** -1: there is no row. */
  readonly revision: number;
  readonly deleted: boolean;
  /** As the row was read; undefined while there is none. */
  readonly stored?: SettledColumns | undefined;
  /** What the client sent; undefined for what came from inside the fleet. */
  readonly submitted: JsonObject | undefined;
  /** Documents that become the submitted one if their command succeeds, by command id. */
  readonly pending: Readonly<Record<string, JsonObject>>;
  /** What this batch adds: another document is shown, the submitted one has changed, commands were answered. */
  readonly shown: JsonObject | undefined;
  readonly submittedChanged: boolean;
  readonly outcomes: readonly CommandOutcome[];
}

/** An event of a resource's owner: its newest revision, or that it is gone. */
export interface Change {
  readonly id: string;
  readonly revision: number;
  readonly deleted: boolean;
  /** The TMF document, over what the client submitted. */
  readonly toView: (submitted: JsonObject | undefined) => JsonObject;
}

/** An owner's answer to a question that changed nothing. */
export interface Answer {
  readonly commandId: string;
  readonly id: string;
  readonly result: JsonObject;
}

/** The key of a view among all resources'. */
export const viewKey = (resource: ResourceDescriptor, id: string): string => JSON.stringify([resource.name, id]);

/**
 * Lays an event over a view. Only a newer revision changes it; an older one, or the same again, may still answer the
 * command that caused it.
 *
 * @param answers the awaited command the event is the outcome of
 */
export function project(
  state: ViewState | undefined,
  resource: ResourceDescriptor,
  change: Change,
  answers: string | undefined,
): ViewState {
  const before = state ?? unknown(resource, change.id);
  const accepted = answers === undefined ? undefined : before.pending[answers];
  const submitted = accepted ?? before.submitted;
  const outcomes =
    answers === undefined
      ? before.outcomes
      : [
          ...before.outcomes,
          { commandId: answers, id: change.id, revision: change.revision, refusal: null, result: null },
        ];
  const submittedChanged = before.submittedChanged || accepted !== undefined;
  // What the client wrote is kept although a later event came first; it shows with the next one.
  if (change.revision <= before.revision) return { ...before, submitted, submittedChanged, outcomes };
  return {
    ...before,
    revision: change.revision,
    deleted: change.deleted,
    submitted,
    shown: change.toView(submitted),
    submittedChanged,
    outcomes,
  };
}

/** Notes that a command was refused; the view stays as it is. */
export function refuseCommand(
  state: ViewState | undefined,
  resource: ResourceDescriptor,
  refusal: CommandRefused,
): ViewState {
  const before = state ?? unknown(resource, refusal.id);
  return {
    ...before,
    outcomes: [
      ...before.outcomes,
      { commandId: refusal.commandId, id: refusal.id, revision: null, refusal, result: null },
    ],
  };
}

/** Notes the answer to a question; there need be no view. */
export function answerQuestion(state: ViewState | undefined, resource: ResourceDescriptor, answer: Answer): ViewState {
  const before = state ?? unknown(resource, answer.id);
  return { ...before, outcomes: [...before.outcomes, { ...answer, revision: null, refusal: null }] };
}

const unknown = (resource: ResourceDescriptor, id: string): ViewState => ({
  resource,
  id,
  revision: -1,
  deleted: false,
  submitted: undefined,
  pending: {},
  shown: undefined,
  submittedChanged: false,
  outcomes: [],
});
