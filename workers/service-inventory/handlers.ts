import { send } from '../../contracts/messages/message.ts';
import {
  claimServices,
  createService,
  deleteService,
  emitServices,
  reclaimServices,
  recordActivation,
  releaseClaims,
  replaceService,
  tellServices,
} from '../../contracts/messages/service-inventory.ts';
import { describeServices } from '../../contracts/messages/service-planning.ts';
import { type Handler, done, on, onMany } from '../../ops/platform/messaging/handler.ts';
import { claimAll, reclaim, release } from './claims.decide.ts';
import { describe } from './describe.decide.ts';
import { record } from './record.decide.ts';
import { changed } from './service.state.ts';
import { pageOfServices, services } from './service.store.ts';
import { create, remove, replace } from './write.decide.ts';

/** Everything the service inventory listens to. */
export const handlers: readonly Handler[] = [
  onMany(claimServices, {
    of: services,
    keys: (body) => body.claims.flatMap((claim) => [claim.serviceId, ...claim.supportingServices]),
    decide: (get, { body, now }) => done(claimAll(get, body.orderId, body.claims, now)),
  }),
  onMany(describeServices, {
    of: services,
    keys: (body) => body.claims.flatMap((claim) => [claim.serviceId, ...claim.supportingServices]),
    decide: (get, { body, now }) => done(describe(get, body, now)),
  }),
  onMany(reclaimServices, {
    of: services,
    keys: (body) => body.services.map(({ serviceId }) => serviceId),
    decide: (get, { body, now }) => done(reclaim(get, body.orderId, body.round, body.services, now)),
  }),
  onMany(releaseClaims, {
    of: services,
    keys: (body) => body.serviceIds,
    decide: (get, { body, now }) => done(release(get, body.orderId, body.serviceIds, now, body.round)),
  }),
  on(recordActivation, {
    of: services,
    key: (body) => body.serviceId,
    decide: (state, { body, now }) => {
      if (state === undefined)
        throw new Error(`an activation reports on service ${body.serviceId}, which was never claimed`);
      return done(record(state, body, now));
    },
  }),
  on(createService, {
    of: services,
    key: (body) => body.id,
    decide: (state, { id, body, now }) => done(create(state, { ...body, commandId: id }, body.write, now)),
  }),
  on(replaceService, {
    of: services,
    key: (body) => body.id,
    decide: (state, { id, body, now }) => done(replace(state, { ...body, commandId: id }, body.write, now)),
  }),
  on(deleteService, {
    of: services,
    key: (body) => body.id,
    decide: (state, { id, body, now }) => done(remove(state, { ...body, commandId: id }, now)),
  }),
  onMany(tellServices, {
    of: services,
    keys: (body) => body.serviceIds,
    decide: (get, { body }) => done({ send: body.serviceIds.flatMap((id) => get(id) ?? []).map(changed) }),
  }),
  onMany(emitServices, {
    of: services,
    keys: () => [],
    context: async (tx, bodies) =>
      new Map(
        await Promise.all(
          bodies.map(async (body) => [body, await pageOfServices(tx, body.after, body.limit)] as const),
        ),
      ),
    decide: (_get, { body }, pages) => {
      const page = pages.get(body) ?? [];
      const last = page.at(-1);
      const more =
        last !== undefined && page.length === body.limit
          ? [send(emitServices, { after: last.service.id, limit: body.limit })]
          : [];
      return done({ send: [...page.map(changed), ...more] });
    },
  }),
];
