import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { type ServiceSpecification, serviceSpecification } from '../../../contracts/messages/service-catalog.ts';
import { Sentence } from '../../run/bootstrap/sentence.ts';

/** The specification a new service type can be ordered by, as a catalog file has it: laid out as `npm run format` does. */
export const specificationText = (type: string): string => `{
  "id": "${type}",
  "version": "1.0",
  "revision": 1,
  "name": "${nameOf(type)}",
  "lifecycleStatus": "active",
  "serviceType": "${type}",
  "characteristics": [
    {
      "name": "profile",
      "description": "What the customer gets",
      "valueType": "string",
      "required": true,
      "allowed": ["basic", "premium"]
    },
    { "name": "site", "description": "Where it is delivered", "valueType": "string", "required": false }
  ],
  "resourceRequirements": [],
  "requires": [],
  "configurationTemplate": {},
  "activation": { "platforms": ["${type}"] }
}`;

/** The same as data. */
export const specificationFor = (type: string): ServiceSpecification =>
  serviceSpecification.parse(JSON.parse(specificationText(type)));

const nameOf = (type: string): string => `${type.charAt(0).toUpperCase()}${type.slice(1)}`.replaceAll('-', ' ');

/**
 * A catalog file's content with the new type's specification at its end; what was there stays as it was written.
 *
 * @throws Sentence when the file is not a catalog, or specifies the type already
 */
export function withSpecification(file: string, type: string): string {
  const content = read(file);
  const catalog = z.array(serviceSpecification).safeParse(parsed(file, content));
  if (!catalog.success)
    throw new Sentence(`${file} is not a list of service specifications: ${reason(catalog.error)}.`);
  const taken = catalog.data.find(({ id, serviceType }) => id === type || serviceType === type);
  if (taken !== undefined)
    throw new Sentence(`${file} has a specification "${taken.id}" for ${taken.serviceType} already.`);
  const end = content.lastIndexOf(']');
  const before = content.slice(0, end).trimEnd();
  const entry = specificationText(type).replaceAll(/^/gm, '  ');
  return `${before}${catalog.data.length === 0 ? '' : ','}\n${entry}\n${content.slice(end)}`;
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new Sentence(`The catalog ${file} cannot be read (${(error as Error).message}).`);
  }
}

function parsed(file: string, content: string): unknown {
  try {
    return JSON.parse(content);
  } catch (error) {
    throw new Sentence(`The catalog ${file} is not JSON (${(error as Error).message}).`);
  }
}

const reason = ({ issues }: z.ZodError): string =>
  issues.map(({ path, message }) => `${path.join('.') || 'it'}: ${message}`).join('; ');
