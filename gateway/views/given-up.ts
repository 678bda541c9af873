import { type GivenUp, messageGivenUp, purgedCode } from '../../contracts/messages/given-up.ts';
import { type Aggregate, type Handler, done, onMany } from '../../ops/platform/messaging/handler.ts';
import { productOrderResource } from '../apis/tmf622/descriptor.ts';
import { serviceOrderResource } from '../apis/tmf641/descriptor.ts';
import { type Alert, type Telling, alertViews, refuseGivenUp } from './given-up.store.ts';
import { viewKey } from './projection.ts';

const orders = [serviceOrderResource, productOrderResource];

/** The lock is the views' own; what is written needs nothing read before. */
const alerts: Aggregate<Telling> = {
  name: 'view',
  key: ({ givenUp }) => givenUp.messageId,
  load: () => Promise.resolve(new Map()),
  save: (tx, told) => [...alertViews(tx, told), ...refuseGivenUp(tx, told)],
};

/** A message that was given up: its order shows it, and whoever waits for it hears of it. */
export const givenUpHandler: Handler = onMany(messageGivenUp, {
  of: alerts,
  keys: ({ subject }) => orders.map((resource) => viewKey(resource, subject)),
  decide: (_get, { body }) => done({ save: [{ givenUp: body, alerts: alertsOf(body) }] }),
});

/** As each kind of order shows what endangers it. */
function alertsOf({ messageId, type, queue, code, reason, at }: GivenUp): readonly Alert[] {
  const text =
    code === purgedCode
      ? `${type} ended unhandled in ${queue}: ${reason}.`
      : `${type} was given up by ${queue} (${code}: ${reason}). Mend the cause, then: patchbay fallout replay ${messageId}.`;
  return [
    {
      resource: serviceOrderResource.name,
      attribute: 'jeopardyAlert',
      element: {
        ...{ id: messageId, name: 'messageGivenUp', jeopardyType: 'messageGivenUp', alertDate: at, message: text },
        ...{ exception: code, serviceOrderItem: [] },
      },
    },
    {
      resource: productOrderResource.name,
      attribute: 'note',
      element: { id: `standing-${messageId}`, author: 'order management', date: at, text },
    },
  ];
}
