/** A stored resource as clients see it. */
import type { JsonObject } from '../../contracts/tmf/common.ts';
import type { ResourceDescriptor } from './descriptor.ts';
import { hrefOf } from './href.ts';
import type { StoredView } from './view-store.ts';

/** The whole resource with its id and absolute href, before `fields` is applied. */
export function represent(resource: ResourceDescriptor, view: StoredView, baseUrl: string): JsonObject {
  const whole = { ...view.doc, id: view.id, href: hrefOf(baseUrl, resource, view.id) };
  return resource.present === undefined ? whole : resource.present(whole, baseUrl);
}
