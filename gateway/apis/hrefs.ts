import { serviceInventoryBasePath } from '../../contracts/tmf/tmf638.ts';
import { serviceOrderingBasePath } from '../../contracts/tmf/tmf641.ts';

/** Addresses of resources that others refer to. */
export const serviceHref = (baseUrl: string, id: string): string =>
  `${baseUrl}${serviceInventoryBasePath}/service/${encodeURIComponent(id)}`;
export const serviceOrderHref = (baseUrl: string, id: string): string =>
  `${baseUrl}${serviceOrderingBasePath}/serviceOrder/${encodeURIComponent(id)}`;
