import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { Sentence } from '../../run/bootstrap/sentence.ts';
import type { OrderKind } from './gateway-client.ts';

/** An order as it is sent, and what it orders. */
export interface OrderFile {
  readonly kind: OrderKind;
  readonly body: string;
}

/** What orders about an existing product say where its id belongs, so that a file can be used again. */
const placeholder = '<product id>';

/**
 * Reads an order: a TMF622 product order, which has `productOrderItem`, or a TMF641 service order.
 *
 * @param file `-` for standard input
 * @param product the id of the product that the order is about
 * @throws Sentence for what cannot be read, is no JSON, or leaves open which product is meant
 */
export async function readOrderFile(file: string, product: string | undefined): Promise<OrderFile> {
  const content = await (file === '-' ? text(process.stdin) : readFile(file, 'utf8')).catch((error: unknown) => {
    throw new Sentence(`${file} cannot be read (${(error as Error).message}).`);
  });
  return orderOf(content, file, product);
}

/** See `readOrderFile`. */
export function orderOf(content: string, file: string, product: string | undefined): OrderFile {
  const body = withProduct(content, file, product);
  try {
    const order: unknown = JSON.parse(body);
    const isProductOrder = typeof order === 'object' && order !== null && 'productOrderItem' in order;
    return { kind: isProductOrder ? 'productOrder' : 'serviceOrder', body };
  } catch (error) {
    throw new Sentence(`${file} is not JSON: ${(error as Error).message}.`);
  }
}

function withProduct(content: string, file: string, product: string | undefined): string {
  const isOpen = content.includes(placeholder);
  if (product === undefined) {
    if (!isOpen) return content;
    throw new Sentence(
      `${file} says ${placeholder} where the id of a product belongs: name it with --product <id>. The order that added it shows it at its end, and GET /tmf-api/productInventory/v4/product lists what there is.`,
    );
  }
  if (product === '') throw new Sentence('--product is empty: say which product.');
  if (!isOpen) throw new Sentence(`--product changes nothing: ${file} has no ${placeholder} in it.`);
  return content.replaceAll(placeholder, JSON.stringify(product).slice(1, -1));
}
