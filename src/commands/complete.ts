import { readdirSync } from 'node:fs';
import { Command } from 'commander';
import { type Candidate, type Named, type Wanted, wanted } from '../completion/wanted.ts';
import { findFiles, projectFolder } from '../configuration/find.ts';
import { workspace } from '../workspace.ts';
import type { Context } from './context.ts';

/** `eulab complete -- WORDS... CURRENT`, which shells call: a line that says whether files could stand there, and one a word. */
export function complete(context: Context) {
  return new Command('complete')
    .description('What could stand behind these words, for shells.')
    .argument('[words...]', 'the last one is what is being typed')
    .action(async (all) => {
      const [words, current] = [all.slice(0, -1), all.at(-1) ?? ''];
      const found = wanted(await context.tree(verbIn(words)), words, current);
      const names = await namesOf(found, context).catch(() => []);
      const list = [...found.candidates, ...names].map(({ word, about }) => ({ word: found.before + word, about }));
      const fit = list.filter(({ word }) => word.startsWith(current));
      process.stdout.write([found.files, ...fit.map(({ word, about }) => `${word}\t${about}`), ''].join('\n'));
    });
}

/** The verb among words; that of none when there is none yet, whose help needs none loaded. */
function verbIn(words: readonly string[]): string {
  return (
    words.find((word, index) => !word.startsWith('-') && !['-C', '--directory', '--config'].includes(words[index - 1] ?? '')) ??
    ''
  );
}

/** The names on this host, or in the workspace that the words are about. */
async function namesOf({ named, own }: Wanted, context: Context): Promise<Candidate[]> {
  if (named === undefined) return [];
  const asked = own['config'] ?? (context.env['EULAB_CONFIG'] || undefined);
  const files = findFiles(own['directory'] ?? '.', asked, context.env);
  const { artifacts } = workspace(own['directory'] ?? projectFolder(files, asked) ?? '.', context.env);
  const plain = (names: readonly string[]) => names.map((word) => ({ word, about: '' }));
  const machines = async () => {
    const { configuration } = await import('../configuration/configuration.ts');
    return configuration(files, context.settings.tables).machines();
  };
  const looks: Readonly<Record<Named, () => Promise<Candidate[]>>> = {
    kernels: async () => plain((await import('../artifacts/kernel-names.ts')).kernelNames(artifacts)),
    disks: async () => plain((await import('../artifacts/storage.ts')).storedDisks(artifacts).map(({ name }) => name)),
    cards: async () => plain(readdirSync('/sys/class/net').filter((name) => name !== 'lo')),
    profiles: async () =>
      (await import('../kernel/profile.ts')).profiles.map(({ name, summary }) => ({ word: name, about: summary })),
    running: async () => {
      const { list, runtimeFolder } = await import('../boot/running/running.ts');
      return (await list(runtimeFolder(context.env))).map(({ name, argv }) => ({
        word: name,
        about: argv.join(' ').slice(0, 40),
      }));
    },
    machines: async () => plain(await machines()),
    tables: async () => plain([...context.settings.tables, ...(await machines()).map((name) => `machine.${name}`)]),
  };
  return await looks[named]();
}
