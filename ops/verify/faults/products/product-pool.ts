import type { ExistingProduct } from './kinds.ts';
import type { ProductKind } from './planned-product-order.ts';

/** Products that customers have and that nobody is changing now. What is taken out is not offered again. */
export interface ProductPool {
  one(kind: ProductKind, wanted?: (product: ExistingProduct) => boolean): ExistingProduct | undefined;
}

export function productPool(products: Iterable<ExistingProduct>): ProductPool {
  const left = [...products];
  return {
    one(kind, wanted = () => true) {
      const at = left.findIndex((one) => one.kind === kind && wanted(one));
      return at < 0 ? undefined : left.splice(at, 1)[0];
    },
  };
}
