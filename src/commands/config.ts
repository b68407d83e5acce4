import { Argument, Command, type CommandUnknownOpts } from 'commander';
import { settings } from '../config.ts';
import { type Configuration, configuration, findAll } from '../configuration/configuration.ts';
import { near, readDocument } from '../configuration/document.ts';
import { type Effective, effective, fromEnvironment } from '../configuration/effective.ts';
import { refusal } from '../configuration/mistake.ts';
import { schemaOf } from '../configuration/schema.ts';
import { leavesOf, tableName, wordsOf } from '../configuration/section.ts';
import { optionsOf, settingsOf } from '../configuration/setting.ts';
import { documentText } from '../documents/document.ts';
import { EulabError, status } from '../errors.ts';
import { didYouMean } from '../nearest.ts';
import type { Context } from './context.ts';

/** `eulab config show|check|schema`. */
export function config(context: Context) {
  return new Command('config')
    .description(
      'Settings come, in rising order, from ~/.config/eulab/config.toml (XDG_CONFIG_HOME), from the eulab.toml in this folder or the ' +
        'nearest one above, from the environment (EULAB_*), and from the command line. Tables have the names of verbs, keys those of ' +
        'options; a path in a file is relative to the file. [machine.NAME] has what boot has, for eulab boot NAME.',
    )
    .addCommand(show(context))
    .addCommand(check(context))
    .addCommand(schema(context))
    .addHelpText('after', example);
}

const example = `
An eulab.toml:
  [build.kernel]
  profile = "debug"
  set = { CONFIG_KASAN = "y" }

  [boot]
  memory = "1G"

  [machine.router]
  net = ["user", "lab:a,ip=10.1.0.1/24"]
  disk = "data:snapshot"
  limit = { kernel = "30s" }

Examples:
  eulab boot router -- ip route
  eulab config show machine.router --origin
  eulab config check`;

/** What nobody names as an option. */
const variables = ['EULAB_CACHE', 'EULAB_CONFIG', 'EULAB_STATE', 'EULAB_TEST_CACHE', 'EULAB_MUTATIONS', 'EULAB_TREES'];

function show(context: Context) {
  return new Command('show')
    .summary("each setting's value, as a file would say it")
    .description("Print each setting's value as it is now, in the form of an eulab.toml.")
    .addArgument(new Argument('[table]', 'one table only, such as boot, build.kernel or machine.NAME'))
    .addOption(settings.origin())
    .addOption(settings.json())
    .addHelpText(
      'after',
      '\nExamples:\n  eulab config show --origin\n  eulab config show machine.web\n  eulab config show --json',
    )
    .action(async (wanted, options) => {
      const tables = await shownTables(context, wanted);
      if (options.json === true) {
        const list = tables.flatMap(({ table, rows }) =>
          rows.map(({ value, ...row }) => ({ table, ...row, value: value ?? null })),
        );
        const files = context.settings.files().map(({ path }) => path);
        process.stdout.write(documentText('settings', { schema: 1, files, settings: list }));
      } else process.stdout.write(tables.map((one) => tableText(one, options.origin === true)).join('\n'));
    });
}

interface Table {
  readonly table: string;
  readonly rows: readonly Effective[];
}

/** @throws EulabError (2) for a table that is none, and for mistakes in the files. */
async function shownTables(context: Context, wanted: string | undefined): Promise<Table[]> {
  const tree = await context.tree();
  const { tables: verbs, files } = context.settings;
  const said = configuration(files(), verbs);
  const leaves = tree.commands.filter((verb) => verbs.includes(verb.name())).flatMap(leavesOf);
  const boot = leaves.find((leaf) => leaf.name() === 'boot') as CommandUnknownOpts;
  const all = [
    ...leaves.filter((leaf) => settingsOf(leaf).length > 0).map((leaf) => [nameOf(leaf), leaf, undefined] as const),
    ...said.machines().map((name) => [tableName(['machine', name]), boot, name] as const),
  ];
  const chosen = all.filter(([name]) => wanted === undefined || name === wanted || name.startsWith(`${wanted}.`));
  if (chosen.length > 0) return chosen.map(([table, leaf, machine]) => ({ table, rows: rowsOf(context, leaf, said, machine) }));
  const names = all.map(([name]) => name);
  throw new EulabError(`there is no table ${JSON.stringify(wanted)}`, {
    hint: didYouMean(wanted ?? '', names),
    exitCode: status.usage,
  });
}

function rowsOf({ env }: Context, command: CommandUnknownOpts, said: Configuration, machine: string | undefined): Effective[] {
  const mistakes = fromEnvironment(command, env);
  if (mistakes.length > 0) throw refusal(mistakes);
  said.configure(command);
  if (machine !== undefined) said.machine(command, machine);
  return effective(command, said.given, env);
}

/** The table of a command: the words behind `eulab`, with dots. */
function nameOf(command: CommandUnknownOpts): string {
  return wordsOf(command).slice(1).join('.');
}

function tableText({ table, rows }: Table, origin: boolean): string {
  const lines = rows
    .filter(({ value }) => value !== undefined)
    .map(({ key, value, origin }) => [`${key} = ${toml(value)}`, origin] as const);
  const wide = Math.max(...lines.map(([text]) => text.length));
  const told = lines.map(([text, from]) => (origin ? `${text.padEnd(wide)}  # ${originText(from)}` : text));
  return [`[${table}]`, ...told, ''].join('\n');
}

function toml(value: Effective['value']): string {
  return Array.isArray(value) ? `[${value.map((one) => JSON.stringify(one)).join(', ')}]` : JSON.stringify(value);
}

function originText(origin: Effective['origin']): string {
  if (origin.kind === 'file') return `${near(origin.file)}:${origin.line}:${origin.column}`;
  return origin.kind === 'environment' ? origin.variable : 'default';
}

function check(context: Context) {
  return new Command('check')
    .summary('all mistakes in the files and in the environment')
    .description(
      'Look at every table of the files of settings, and at every EULAB_ variable; tell all mistakes at once (status 2).',
    )
    .addOption(settings.json())
    .addHelpText('after', '\nExamples:\n  eulab config check\n  eulab --config ci.toml config check')
    .action(async ({ json }) => {
      const tree = await context.tree();
      const { files, tables } = context.settings;
      const documents = files().map(readDocument);
      const verbs = tree.commands.filter((verb) => tables.includes(verb.name()));
      const found = findAll(documents, verbs);
      const mistakes = [...found.mistakes, ...environmentMistakes(tree, context.env)];
      const countIn = (path: string) => found.said.filter(({ document }) => document.path === path).length;
      if (json === true) {
        const all = documents.map(({ path }) => ({ path, settings: countIn(path) }));
        process.stdout.write(documentText('mistakes', { schema: 1, files: all, mistakes }));
        if (mistakes.length > 0) context.exit(status.usage);
        return;
      }
      if (mistakes.length > 0) throw refusal(mistakes);
      for (const { path } of documents) {
        const count = countIn(path);
        process.stdout.write(`${near(path)}: ${count} ${count === 1 ? 'setting' : 'settings'}, no mistakes\n`);
      }
      if (documents.length === 0) process.stdout.write('no file of settings is read\n');
    });
}

function environmentMistakes(tree: CommandUnknownOpts, env: NodeJS.ProcessEnv) {
  const leaves = [tree, ...tree.commands.flatMap(leavesOf)];
  const known = [...variables, ...leaves.flatMap((leaf) => optionsOf(leaf).flatMap(({ option }) => option.envVar ?? []))];
  const wrong = leaves.flatMap((leaf) => fromEnvironment(leaf, env));
  // One variable may be a setting of several verbs.
  const once = wrong.filter(({ place }, index) => wrong.findIndex((other) => other.place === place) === index);
  const unknown = Object.keys(env).filter((name) => name.startsWith('EULAB_') && !known.includes(name));
  const told = unknown.map((name) => ({
    place: name,
    message: 'there is no such variable',
    hint: didYouMean(name, known, 'eulab config show --json names all'),
  }));
  return [...once, ...told];
}

function schema(context: Context) {
  return new Command('schema')
    .summary('a JSON Schema of the files, for editors')
    .description('Print the JSON Schema of eulab.toml. An editor with a TOML language server then completes and checks it.')
    .addHelpText(
      'after',
      '\nExamples:\n  eulab config schema > eulab.schema.json\n  eulab config schema | jq .properties.boot\n\nand in the first line of eulab.toml:\n  #:schema ./eulab.schema.json',
    )
    .action(async () => {
      const tree = await context.tree();
      process.stdout.write(`${JSON.stringify(schemaOf(tree, context.settings.tables), undefined, 2)}\n`);
    });
}
