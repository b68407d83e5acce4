import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { documentNames, jsonSchema, schemaId } from '../../../src/documents/schema.ts';
import { documents } from '../../../src/documents/table.ts';

/** Every version of every schema that there ever was: its name, its version, and a digest of what it says. Lines are only added. */
const lines = readFileSync(join(import.meta.dirname, '../../fixtures/schemas.txt'), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => line.split(' ') as [string, string, string]);

/** What a schema says to a validator: other words in a description make no other schema. */
function meaning(part: unknown): unknown {
  if (Array.isArray(part)) return part.map(meaning);
  if (typeof part !== 'object' || part === null) return part;
  const kept = Object.entries(part).filter(
    ([key, value]) => !(['description', 'title', '$id'].includes(key) && typeof value === 'string'),
  );
  return Object.fromEntries(kept.map(([key, value]) => [key, meaning(value)]));
}

const digest = (schema: unknown) =>
  createHash('sha256')
    .update(JSON.stringify(meaning(schema)))
    .digest('hex')
    .slice(0, 16);

test('a schema that says something else has another version: raise it in src/documents/table.ts, and add the line', () => {
  const current = documentNames.map((name) => `${name} ${documents[name].version} ${digest(jsonSchema(name))}`);
  const last = new Map(lines.map(([name, ...rest]) => [name, [name, ...rest].join(' ')]));
  expect([...last.values()].toSorted()).toEqual(current.toSorted());
});

test('versions of a schema rise, one by one', () => {
  for (const name of new Set(lines.map(([one]) => one))) {
    const versions = lines
      .filter(([one]) => one === name)
      .map(([, version]) => version.split('.').map(Number) as [number, number]);
    expect([name, versions[0]]).toEqual([name, [1, 0]]);
    for (const [index, [major, minor]] of versions.slice(1).entries()) {
      const [before = 0, least = 0] = versions[index] ?? [];
      const next = [`${before}.${least + 1}`, `${before + 1}.0`];
      expect([name, next.includes(`${major}.${minor}`)]).toEqual([name, true]);
    }
  }
});

test('an id has the version', () => {
  expect(schemaId('outcome')).toBe(`urn:eulab:schema:outcome:${documents.outcome.version}`);
  for (const name of documentNames) expect(jsonSchema(name).$id).toBe(schemaId(name));
});

test('a schema that changes has another digest; one that is described in other words has not', () => {
  const schema = { type: 'object', properties: { a: { type: 'string', description: 'one' } }, additionalProperties: false };
  const other = { ...schema, properties: { a: { type: 'string', description: 'two' } } };
  const more = { ...schema, properties: { ...schema.properties, b: { type: 'string' } } };
  expect([digest(other) === digest(schema), digest(more) === digest(schema)]).toEqual([true, false]);
});
