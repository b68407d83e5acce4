import { type JsonSchema, toJsonSchema } from '@valibot/to-json-schema';
import { type DocumentName, documents } from './table.ts';

/** The names of all documents. */
export const documentNames = Object.keys(documents) as DocumentName[];

/** The id of a document's schema: it has the version. Pure. */
export function schemaId(name: DocumentName): string {
  return `urn:eulab:schema:${name}:${documents[name].version}`;
}

/** The published schema of a document: it says exactly what this eulab writes, and nothing else. Pure. */
export function jsonSchema(name: DocumentName): JsonSchema {
  const { about, schema } = documents[name];
  const { $schema, ...rest } = toJsonSchema(schema, { errorMode: 'throw', ignoreActions: ['check'] });
  return { $schema: $schema ?? '', $id: schemaId(name), title: `eulab ${name}`, description: about, ...closed(rest) };
}

/** A schema whose objects have no properties but those that it names. Pure. */
function closed<Part>(part: Part): Part {
  if (Array.isArray(part)) return part.map(closed) as Part;
  if (typeof part !== 'object' || part === null) return part;
  const all = Object.fromEntries(Object.entries(part).map(([key, value]) => [key, closed(value)]));
  const open = 'properties' in part && !('additionalProperties' in part);
  return (open ? { ...all, additionalProperties: false } : all) as Part;
}
