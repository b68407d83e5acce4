import type { CommandUnknownOpts } from 'commander';
import { defaultText } from './effective.ts';
import { type Section, sectionOf } from './section.ts';
import type { Setting } from './setting.ts';

type Json = { readonly [key: string]: unknown };

/** The JSON Schema of eulab.toml, for editors. Pure. @see https://json-schema.org/draft-07 */
export function schemaOf(tree: CommandUnknownOpts, tables: readonly string[]): Json {
  const verbs = tree.commands.filter((command) => tables.includes(command.name()));
  const sections = verbs.map((verb) => sectionOf(verb)).filter(({ settings }) => settings.size > 0);
  const boot = sections.find(({ path }) => path[0] === 'boot');
  const machine = {
    type: 'object',
    description: 'Machines by their names: eulab boot NAME',
    propertyNames: { pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$' },
    additionalProperties: boot === undefined ? true : { $ref: '#/properties/boot' },
  };
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Settings of eulab: eulab.toml, or config.toml of the user',
    type: 'object',
    additionalProperties: false,
    properties: { ...Object.fromEntries(sections.map((section) => [section.path[0], table(section)])), machine },
  };
}

function table(section: Section): Json {
  const settings = [...section.settings].map(([key, setting]) => [key, schemaOfSetting(setting)] as const);
  const properties: Record<string, unknown> = Object.fromEntries(settings);
  for (const [name, child] of section.children) {
    if (child.settings.size === 0) continue;
    // In [build], kernel is a setting of build ramdisk, and [build.kernel] a table.
    const both = properties[name];
    properties[name] = both === undefined ? table(child) : { anyOf: [both, table(child)] };
  }
  return { type: 'object', description: `eulab ${section.path.join(' ')}`, additionalProperties: false, properties };
}

function schemaOfSetting({ option, kind, repeatable, pairs, numeric }: Setting): Json {
  const says = [option.description, option.envVar === undefined ? '' : `Environment: ${option.envVar}`]
    .filter(Boolean)
    .join('\n');
  const usual = defaultText(option);
  const facts = { description: says, ...(usual === undefined || kind === 'switch' ? {} : { default: usual }) };
  if (kind === 'switch') return { description: says, type: 'boolean', default: option.negate };
  const text: Json = option.argChoices === undefined ? { type: 'string' } : { enum: option.argChoices };
  const forms = [
    text,
    ...(numeric ? [{ type: 'integer' }] : []),
    ...(kind === 'either' ? [{ type: 'boolean' }] : []),
    ...(repeatable ? [{ type: 'array', items: text }] : []),
    ...(pairs ? [{ type: 'object', additionalProperties: { type: ['string', 'number'] } }] : []),
  ];
  return forms.length === 1 ? { ...facts, ...text } : { ...facts, anyOf: forms };
}
