/** What a TMF641 endpoint says, to the fleet's words. Pure. No more is read than is needed, so that no more can be wrong. */
import { z } from 'zod';
import type { Failure } from '../../contracts/messages/values.ts';
import { cancelServiceOrder, cancelTaskState, serviceOrder, serviceOrderState } from '../../contracts/tmf/tmf641.ts';
import { storable } from '../../ops/platform/storable.ts';
import type { RemoteOrder, RemoteTask } from './outside-order.state.ts';

/** What is said of an error; one that says it strangely is no reason not to understand the order it is in. */
const said = z.looseObject({
  code: z.coerce.string().optional().catch(undefined),
  reason: z.string().optional().catch(undefined),
  message: z.string().optional().catch(undefined),
});
const errors = z.array(said).optional().catch(undefined);

const remoteOrder = z.looseObject({
  id: z.string().min(1),
  externalId: serviceOrder.shape.externalId,
  state: serviceOrderState,
  errorMessage: errors,
  serviceOrderItem: z
    .array(z.looseObject({ errorMessage: errors }))
    .optional()
    .catch(undefined),
});
const remoteTask = z.looseObject({
  id: z.string().min(1),
  // The documents' prose calls the first one acknowledged.
  state: z.preprocess((state) => (state === 'acknowledged' ? 'accepted' : state), cancelTaskState),
  serviceOrder: cancelServiceOrder.shape.serviceOrder,
  completionMessage: z.string().optional().catch(undefined),
  errorMessage: said.optional().catch(undefined),
});
/** An answer to a creation need say no more than the id: that it was taken is that it is acknowledged. */
const createdOrder = remoteOrder.extend({ state: serviceOrderState.default('acknowledged') });
const createdTask = remoteTask.extend({ state: remoteTask.shape.state.default('accepted') });

/** An answer that is not what TMF641 has there, in words. */
export class NotTmf641 extends Error {
  override name = 'NotTmf641';
}

/** @throws NotTmf641 */
export const readOrder = (json: unknown) => orderOf(parsed(remoteOrder, json, 'a service order'));
/** @throws NotTmf641 */
export const readCreatedOrder = (json: unknown) => orderOf(parsed(createdOrder, json, 'a service order'));
/** @throws NotTmf641 */
export const readTask = (json: unknown) => taskOf(parsed(remoteTask, json, 'a cancellation'));
/** @throws NotTmf641 */
export const readCreatedTask = (json: unknown) => taskOf(parsed(createdTask, json, 'a cancellation'));
/** @throws NotTmf641 */
export const readList = (json: unknown): readonly unknown[] => parsed(z.array(z.unknown()), json, 'a list');

/** What the body of an answer that is no success says; undefined where it says nothing of TMF's. */
export function readError(json: unknown): Failure | undefined {
  const found = said.safeParse(json);
  return found.success && found.data.code !== undefined ? failureOf(found.data) : undefined;
}

function orderOf({ id, state, externalId, errorMessage = [], serviceOrderItem = [] }: z.output<typeof remoteOrder>): {
  readonly externalId: string | undefined;
} & RemoteOrder {
  const [first] = [...errorMessage, ...serviceOrderItem.flatMap((item) => item.errorMessage ?? [])];
  return { id: storable(id), state, externalId, failure: first === undefined ? undefined : failureOf(first) };
}

function taskOf({ id, state, serviceOrder: about, errorMessage, completionMessage }: z.output<typeof remoteTask>): {
  readonly orderId: string | undefined;
} & RemoteTask {
  const why = errorMessage ?? (completionMessage === undefined ? undefined : { reason: completionMessage });
  const failure = why === undefined ? undefined : failureOf(why, 'cancellationRefused');
  return { id: storable(id), state, orderId: about?.id, failure };
}

const longestReason = 500;
const text = (value: string): string => storable(value).slice(0, longestReason).toWellFormed();

const failureOf = ({ code, reason, message }: Partial<z.output<typeof said>>, fallback = 'outsideFailed'): Failure => ({
  code: text(code ?? fallback),
  reason: text(reason ?? message ?? 'The outside endpoint gave no reason.'),
});

function parsed<Schema extends z.ZodType>(schema: Schema, json: unknown, what: string): z.output<Schema> {
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const wrong = result.error.issues.slice(0, 3).map(({ path, message }) => `${path.join('.') || 'it'}: ${message}`);
  throw new NotTmf641(text(`The answer is not ${what}: ${wrong.join('; ')}`));
}
