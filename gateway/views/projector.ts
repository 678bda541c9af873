import { projectorQueue } from '../../contracts/topology.ts';
import { givenUpHandler } from './given-up.ts';
import { type ViewState, answerQuestion, project, refuseCommand, viewKey } from './projection.ts';
import { lockViews, saveViews } from './projection.store.ts';
import { projections, replies } from './projections.ts';
import { type Aggregate, type Handler, done, on } from '../../ops/platform/messaging/handler.ts';
import type { RoleDependencies, RunningRole } from '../../ops/platform/messaging/role.ts';
import { startWorker } from '../../ops/platform/messaging/worker.ts';

const resources = new Map(projections.map(({ resource }) => [resource.name, resource]));

const views: Aggregate<ViewState> = {
  name: 'view',
  key: ({ resource, id }) => viewKey(resource, id),
  load: (tx, keys) => lockViews(tx, resources, keys),
  save: saveViews,
};

/** The gateway's projections, put on the workers' batch runtime: neither side imports the other. */
const projecting: readonly Handler[] = projections.flatMap(({ resource, changed, refused, change }) => [
  on(changed, {
    of: views,
    key: (body) => viewKey(resource, change(body).id),
    decide: (state, { body, answers }) => done({ save: [project(state, resource, change(body), answers)] }),
  }),
  ...(refused === undefined
    ? []
    : [
        on(refused, {
          of: views,
          key: (body) => viewKey(resource, body.id),
          decide: (state, { body }) => done({ save: [refuseCommand(state, resource, body)] }),
        }),
      ]),
]);

const replying: readonly Handler[] = replies.map(({ resource, answered, answer }) =>
  on(answered, {
    of: views,
    key: (body) => viewKey(resource, answer(body).id),
    decide: (state, { body }) => done({ save: [answerQuestion(state, resource, answer(body))] }),
  }),
);
const handlers = [...projecting, ...replying, givenUpHandler];

/** The projector: events in, views and outcomes out. */
export function startProjector(dependencies: RoleDependencies): RunningRole {
  const worker = startWorker(dependencies, { queue: projectorQueue, worker: 'projector', handlers });
  return {
    troubles: worker.troubles,
    stop: () => worker.stop(),
  };
}
