import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { eulab, folder } from '../../eulab.ts';

interface Schema {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly default?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
}

/** A file that says all that a schema knows: each default, each choice, each switch. */
function written(schema: Schema, path: string): string[] {
  const lines: string[] = [`[${path}]`];
  const below: string[] = [];
  for (const [key, one] of Object.entries(schema.properties ?? {})) {
    const table = one.properties === undefined ? one.anyOf?.find(({ properties }) => properties !== undefined) : one;
    if (table !== undefined) below.push(...written(table, `${path}.${key}`));
    const value = one.type === 'boolean' ? !one.default : (one.enum?.[0] ?? one.default);
    if (value !== undefined && !(one.enum === undefined && table !== undefined)) lines.push(`${key} = ${JSON.stringify(value)}`);
  }
  return [...lines, ...below];
}

test('what the schema takes is taken, and what is taken is in the schema', async () => {
  using here = folder();
  const { stdout } = await eulab(['config', 'schema']);
  const { $schema, properties } = JSON.parse(stdout.toString());
  expect($schema).toBe('http://json-schema.org/draft-07/schema#');
  const { machine, ...verbs } = properties;
  expect(machine.additionalProperties).toEqual({ $ref: '#/properties/boot' });
  const lines = Object.entries<Schema>(verbs).flatMap(([verb, schema]) => written(schema, verb));
  // These exclude others.
  const apart = /^(kernel-form|check|warm) =/;
  const file = join(here.path, 'eulab.toml');
  writeFileSync(file, `${lines.filter((line) => !apart.test(line)).join('\n')}\n`);
  const checked = await eulab(['config', 'check'], { cwd: here.path, env: { EULAB_CONFIG: file } });
  expect([checked.status, checked.stderr]).toEqual([0, '']);
  expect(Number(/(\d+) settings/.exec(checked.stdout.toString())?.[1])).toBeGreaterThan(50);

  const shown = JSON.parse((await eulab(['config', 'show', '--json'])).stdout.toString());
  const missing = shown.settings.filter(({ table, key }: { table: string; key: string }) => {
    const schema = table.split('.').reduce<Schema | undefined>(
      (above, name) => {
        const one = above?.properties?.[name];
        return one?.properties === undefined ? one?.anyOf?.find((form) => form.properties !== undefined) : one;
      },
      { properties },
    );
    return !Object.hasOwn(schema?.properties ?? {}, key);
  });
  expect(missing).toEqual([]);
});
