import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Argument, Command } from 'commander';
import { settings } from '../config.ts';
import { documentText } from '../documents/document.ts';
import { documentNames, jsonSchema, schemaId } from '../documents/schema.ts';
import { type DocumentName, documents } from '../documents/table.ts';
import type { Context } from './context.ts';

/** `eulab schema [NAME]`: what programs read of eulab, as JSON Schema. */
export function schema(_context: Context) {
  return new Command('schema')
    .description(
      'Print the JSON Schema (draft 7) of a document that eulab writes for programs: what --json gives, a line of --events, a manifest.\n' +
        'Without NAME: the list. Its version is in its $id: a new field raises the minor number; a field that goes, or means something\n' +
        'else, raises the major one, which a document that is an object has as "schema". A reader should pass over what it does not know.',
    )
    .addArgument(new Argument('[name]', 'of a document').choices(documentNames))
    .option('--output <folder>', 'write all of them there, one file each')
    .addOption(settings.json())
    .addHelpText('after', '\nExamples:\n  eulab schema\n  eulab schema outcome\n  eulab schema event > event.schema.json')
    .action((name, { output, json }) => {
      if (output !== undefined) {
        mkdirSync(output, { recursive: true });
        for (const one of documentNames) writeFileSync(join(output, `${one}.json`), text(one));
      } else if (name !== undefined) process.stdout.write(text(name as DocumentName));
      else process.stdout.write(json === true ? documentText('schemas', list()) : table());
    });
}

function text(name: DocumentName): string {
  return `${JSON.stringify(jsonSchema(name), undefined, 2)}\n`;
}

function list() {
  return documentNames.map((name) => {
    const { version, verbs, about } = documents[name];
    return { name, version, id: schemaId(name), verbs: [...verbs], about };
  });
}

function table(): string {
  const rows = list();
  const wide = Math.max(...rows.map(({ name }) => name.length));
  return rows.map(({ name, version, about }) => `${name.padEnd(wide)}  ${version}  ${about}\n`).join('');
}
