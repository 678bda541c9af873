import { expect, test } from 'vitest';
import { type Product, productWrite } from '../../../contracts/messages/product-inventory.ts';
import { productStatuses } from '../../../contracts/states/product.ts';
import { product as tmfProduct, productCreate } from '../../../contracts/tmf/tmf637.ts';
import { productResource } from './descriptor.ts';
import { toSubmitted, toView, toWrite } from './translate.ts';

const at = '2026-03-01T12:00:00Z';
const component = {
  ...{ name: 'access', serviceId: 's', serviceType: 'broadband', specification: { id: 'broadband-access' } },
  ...{ characteristics: {}, standsOn: [], optional: false },
};
const aProduct = (over: Partial<Product> = {}): Product => ({
  id: 'p',
  revision: 4,
  status: 'active',
  name: 'Fiber',
  isBundle: false,
  isCustomerVisible: true,
  serialNumber: 'R-1',
  offering: { id: 'fiber-offer' },
  specification: { id: 'fiber', version: '1.0' },
  rule: '3',
  characteristics: { rate: 1, tags: ['a'], gone: null },
  bundle: { productId: 'b', name: 'line' },
  relationships: [{ type: 'reliesOn', productId: 'q' }],
  components: [{ ...component, service: { revision: 2, state: 'active', operatingStatus: 'degraded' } }],
  missing: ['router'],
  parties: [{ id: 'c', role: 'customer', '@referredType': 'Individual', '@type': 'RelatedParty' }],
  places: [{ id: 'a', role: 'installation', street: 'Mill Lane' }],
  orderItems: [{ orderId: 'o', itemId: '1', action: 'add' }],
  orderDate: at,
  startDate: at,
  updatedAt: at,
  claim: null,
  ...over,
});

test('a product is shown as a TMF637 document, and the document is one', () => {
  const view = toView(aProduct(), undefined);
  expect(tmfProduct.parse(view)).toEqual(view);
  expect(view).toEqual({
    '@type': 'Product',
    id: 'p',
    status: 'active',
    name: 'Fiber',
    isBundle: false,
    isCustomerVisible: true,
    productSerialNumber: 'R-1',
    productOffering: { id: 'fiber-offer' },
    productSpecification: { id: 'fiber', version: '1.0' },
    productCharacteristic: [
      { name: 'rate', valueType: 'integer', value: 1 },
      { name: 'tags', valueType: 'array', value: ['a'] },
    ],
    productRelationship: [
      { relationshipType: 'reliesOn', product: { id: 'q', '@referredType': 'Product' } },
      {
        relationshipType: 'isPartOf',
        name: 'line',
        product: { id: 'b', '@referredType': 'Product' },
        '@type': 'BundleMembership',
      },
    ],
    realizingService: [
      {
        id: 's',
        name: 'access',
        serviceType: 'broadband',
        state: 'active',
        operatingStatus: 'degraded',
        '@type': 'RealizingService',
        '@referredType': 'Service',
      },
    ],
    missingComponent: ['router'],
    relatedParty: [{ id: 'c', role: 'customer', '@referredType': 'Individual', '@type': 'RelatedParty' }],
    place: [{ id: 'a', role: 'installation', street: 'Mill Lane' }],
    productOrderItem: [
      { productOrderId: 'o', orderItemId: '1', orderItemAction: 'add', '@referredType': 'ProductOrder' },
    ],
    orderDate: at,
    startDate: at,
  });
});

test('a bundle names its parts, and does not write them back', () => {
  const view = toView(aProduct({ isBundle: true, bundle: undefined, relationships: [], parts: ['x', 'y'] }), undefined);
  expect(tmfProduct.parse(view)).toEqual(view);
  expect(view['productRelationship']).toMatchObject([
    { relationshipType: 'bundled', product: { id: 'x' } },
    { relationshipType: 'bundled', product: { id: 'y' } },
  ]);
  expect(toWrite(productCreate.parse(view)).relationships).toEqual([]);
  expect(toView(aProduct({ bundle: undefined, relationships: [] }), toSubmitted(view))).not.toHaveProperty(
    'productRelationship',
  );
});

test('a relation that a client wrote stays one, although the same follows from a bundle', () => {
  const related = aProduct({ relationships: [{ type: 'isPartOf', productId: 'b' }] });
  const view = toView(related, toSubmitted(toView(aProduct({ relationships: [] }), undefined)));
  expect(toWrite(productCreate.parse(view)).relationships).toEqual(related.relationships);
});

test('it leads to its services, its orders and the products it belongs to', () => {
  const said = {
    realizingService: [{ id: 'theirs', href: 'http://elsewhere' }],
    productOrderItem: [{ productOrderId: 'x', orderItemId: '1', productOrderHref: 'http://elsewhere/x' }],
  };
  expect(productResource.present?.(toView(aProduct(), said), 'http://h')).toMatchObject({
    realizingService: [
      { id: 'theirs', href: 'http://elsewhere' },
      { id: 's', href: 'http://h/tmf-api/serviceInventory/v4/service/s' },
    ],
    productOrderItem: [
      { productOrderHref: 'http://elsewhere/x' },
      { productOrderHref: 'http://h/tmf-api/productOrderingManagement/v4/productOrder/o' },
    ],
    productRelationship: [
      { product: { href: 'http://h/tmf-api/productInventory/v4/product/q' } },
      { product: { href: 'http://h/tmf-api/productInventory/v4/product/b' } },
    ],
  });
});

test.each(productStatuses)(
  'a product that is %s is shown as one that TMF637 knows, with no blank behind it',
  (status) => {
    const view = toView(aProduct({ status }), { status: 'aborted ' });
    expect(tmfProduct.parse(view)).toEqual(view);
    expect(view['status']).toBe(status);
  },
);

test('what a client writes is what the fleet understands', () => {
  const body = productCreate.parse({
    status: 'aborted ',
    isBundle: true,
    productSerialNumber: 'R-1',
    terminationDate: at,
    productOffering: { id: 'o', href: '/o' },
    productSpecification: { id: 's', name: 'S' },
    productCharacteristic: [{ name: 'a', value: 1 }],
    productRelationship: [
      { relationshipType: 'reliesOn', product: { id: 'q', href: '/q' } },
      { relationshipType: 'targets', product: { name: 'no id yet' } },
    ],
  });
  const write = toWrite(body);
  expect(productWrite.parse(write)).toEqual(write);
  expect(write).toEqual({
    status: 'aborted',
    isBundle: true,
    serialNumber: 'R-1',
    terminationDate: at,
    offering: { id: 'o' },
    specification: { id: 's', name: 'S' },
    characteristics: { a: 1 },
    relationships: [{ type: 'reliesOn', productId: 'q' }],
    parties: [],
    places: [],
  });
  expect(toWrite({ status: 'aborted ' })).toMatchObject({ status: 'aborted', isBundle: false, characteristics: {} });
});

test('what is shown, written back unchanged, asks for what there is', () => {
  const product = aProduct({ characteristics: { rate: 1, tags: ['a'] } });
  expect(toWrite(productCreate.parse(toView(product, undefined)))).toEqual(productWrite.strip().parse(product));
});

test('of what a client sent, its own words are kept, and what is ours is not', () => {
  const sent = {
    colour: 'red',
    productRelationship: [
      { relationshipType: 'reliesOn', product: { id: 'q', name: 'its name' }, since: 'ever' },
      { relationshipType: 'targets', product: { name: 'no id yet' } },
    ],
    realizingService: [{ id: 'theirs' }],
    productOrderItem: [{ productOrderId: 'x', orderItemId: '1' }],
    productCharacteristic: [{ name: 'rate', value: 7, unit: 'Gbit/s' }],
  };
  const view = toView(aProduct(), sent);
  expect(view).toMatchObject({
    colour: 'red',
    productRelationship: [
      { relationshipType: 'targets' },
      { relationshipType: 'reliesOn', product: { id: 'q', name: 'its name' }, since: 'ever' },
      { relationshipType: 'isPartOf' },
    ],
    realizingService: [{ id: 'theirs' }, { id: 's' }],
    productOrderItem: [{ productOrderId: 'x' }, { productOrderId: 'o' }],
    productCharacteristic: [{ name: 'rate', value: 1, unit: 'Gbit/s' }, { name: 'tags' }],
  });
  const kept = toSubmitted({ ...view, href: 'h' });
  expect(kept).toMatchObject({ colour: 'red', realizingService: [{ id: 'theirs' }] });
  for (const name of ['id', 'href', 'missingComponent']) expect(kept).not.toHaveProperty(name);
  // What the inventory no longer says is gone, although a patched document has it still.
  const later = toView(aProduct({ components: [], bundle: undefined, missing: [], relationships: [] }), kept);
  expect(later).toMatchObject({
    productRelationship: [{ relationshipType: 'targets' }],
    realizingService: [{ id: 'theirs' }],
  });
  expect(later).not.toHaveProperty('missingComponent');
});
