/** What products have in common in TMF622 and TMF637, to the fleet's words and back. Pure. */
import type { SpecificationRef } from '../../contracts/messages/values.ts';
import type { JsonObject } from '../../contracts/tmf/common.ts';
import type { ProductRefOrValue } from '../../contracts/tmf/product-attributes.ts';
import { productHref } from './hrefs.ts';
import { defined } from './left-out.ts';

type Reference = { readonly id: string; readonly version?: string | undefined; readonly name?: string | undefined };

/** A reference to an offering or a specification. */
export const toReference = ({ id, version, name }: Reference): SpecificationRef => ({
  id,
  ...defined({ version, name }),
});

/** By this type the relations that follow from a bundle are told from those a client wrote. */
const following = 'BundleMembership';

type Relationships = ProductRefOrValue['productRelationship'];
interface Related {
  readonly type: string;
  readonly productId: string;
}

/** The products that one is related to. One that is described rather than named is no product yet, and stays out. */
export const toRelationships = (list: Relationships): Related[] =>
  (list ?? []).flatMap(({ relationshipType, product, '@type': type }) =>
    product.id === undefined || type === following ? [] : [{ type: relationshipType, productId: product.id }],
  );

/** What a product has to do with bundles: the one it is part of, its name there; its own parts. */
interface Membership {
  readonly bundle?: { readonly productId: string; readonly name: string } | undefined;
  readonly parts?: readonly string[] | undefined;
}

/**
 * Relations as TMF lists them, with what the client said of each; behind them those that follow from bundles: a bundle has
 * its parts `bundled`, as the documents put it, and a part says whose it is.
 */
export function fromRelationships(
  list: readonly Related[],
  said: Relationships,
  { bundle, parts = [] }: Membership = {},
): JsonObject[] {
  const before = (said ?? []).filter((one) => one['@type'] !== following);
  const described = before.filter(({ product }) => product.id === undefined);
  const known = list.map(({ type, productId }) => {
    const own = before.find(({ relationshipType, product }) => relationshipType === type && product.id === productId);
    return { ...own, relationshipType: type, product: { '@referredType': 'Product', ...own?.product, id: productId } };
  });
  const follows = (relationshipType: string, id: string, name: { name?: string } = {}) => ({
    relationshipType,
    ...name,
    product: { id, '@referredType': 'Product' },
    '@type': following,
  });
  return [
    ...described,
    ...known,
    ...parts.map((id) => follows('bundled', id)),
    ...(bundle === undefined ? [] : [follows('isPartOf', bundle.productId, { name: bundle.name })]),
  ];
}

/** A list of products that are referred to, each with its address. */
export const withHrefs = (list: readonly { readonly id?: string | undefined }[], baseUrl: string): JsonObject[] =>
  list.map((one) => (one.id === undefined ? { ...one } : { ...one, href: productHref(baseUrl, one.id) }));

/** Relations with the addresses of the products they lead to. */
export const presentRelationships = (list: Relationships, baseUrl: string): JsonObject =>
  list === undefined
    ? {}
    : {
        productRelationship: list.map((one) => ({ ...one, product: withHrefs([one.product], baseUrl)[0] })),
      };
