import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, type CommandUnknownOpts } from 'commander';
import { EulabError, status } from '../errors.ts';
import { locate, start } from '../exec.ts';
import { page, pageName, pages } from '../man/page.ts';
import { didYouMean } from '../nearest.ts';
import { date, version } from '../version.ts';
import type { Context } from './context.ts';

/** `eulab man [VERB...]`. */
export function man(context: Context) {
  return new Command('man')
    .description(
      'Show the manual page of eulab or of a command: through man(1) on a terminal, elsewhere as its mdoc source. With --output all ' +
        'pages are written to a folder, one file each.',
    )
    .argument('[command...]', 'such as: build kernel')
    .option('--output <folder>', 'write all pages there')
    .addHelpText('after', examples)
    .action(async (words, { output }) => {
      const tree = await context.tree();
      const edition = { version: version(), date: date() };
      if (output !== undefined) {
        mkdirSync(output, { recursive: true });
        for (const one of pages(tree)) writeFileSync(join(output, `${pageName(one)}.1`), page(one, edition));
        return;
      }
      await show(page(named(tree, words), edition));
    });
}

/** The command of these words. @throws EulabError (2) when there is none. */
function named(command: CommandUnknownOpts, words: readonly string[]): CommandUnknownOpts {
  const [word, ...rest] = words;
  if (word === undefined) return command;
  const found = command.commands.find((one) => one.name() === word);
  if (found !== undefined) return named(found, rest);
  const names = command.commands.map((one) => one.name());
  throw new EulabError(`there is no manual page of ${pageName(command).replaceAll('-', ' ')} ${word}`, {
    hint: didYouMean(word, names),
    exitCode: status.usage,
  });
}

async function show(source: string): Promise<void> {
  if (process.stdout.isTTY !== true || locate('man') === undefined) {
    process.stdout.write(source);
    return;
  }
  const child = await start({ file: 'man', args: ['-l', '-'] }, ['pipe', 'inherit', 'inherit']);
  // Who leaves the pager early has seen enough.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(source);
  await new Promise((resolve) => child.once('close', resolve));
}

const examples = `
Examples:
  eulab man boot
  eulab man --output ~/.local/share/man/man1      then: man eulab-boot`;
