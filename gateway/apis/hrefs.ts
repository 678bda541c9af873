import { productOrderingBasePath } from '../../contracts/tmf/tmf622.ts';
import { productInventoryBasePath } from '../../contracts/tmf/tmf637.ts';
import { serviceInventoryBasePath } from '../../contracts/tmf/tmf638.ts';
import { serviceOrderingBasePath } from '../../contracts/tmf/tmf641.ts';

/** Addresses of resources that others refer to. */
export const serviceHref = (baseUrl: string, id: string): string =>
  `${baseUrl}${serviceInventoryBasePath}/service/${encodeURIComponent(id)}`;
export const serviceOrderHref = (baseUrl: string, id: string): string =>
  `${baseUrl}${serviceOrderingBasePath}/serviceOrder/${encodeURIComponent(id)}`;
export const productHref = (baseUrl: string, id: string): string =>
  `${baseUrl}${productInventoryBasePath}/product/${encodeURIComponent(id)}`;
export const productOrderHref = (baseUrl: string, id: string): string =>
  `${baseUrl}${productOrderingBasePath}/productOrder/${encodeURIComponent(id)}`;
