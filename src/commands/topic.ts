import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { settings } from '../config.ts';
import { documentText } from '../documents/document.ts';
import { EulabError, status } from '../errors.ts';
import { didYouMean } from '../nearest.ts';
import type { Context } from './context.ts';

/** `eulab explain [TOPIC]`. */
export function explain(context: Context) {
  return new Command('explain')
    .description('Explain a word of early userspace in a screenful, with commands that show it live. Without TOPIC: the list.')
    .argument('[topic]', 'such as initramfs, newc, pid1, tap')
    .addOption(settings.json())
    .addHelpText('after', '\nExamples:\n  eulab explain\n  eulab explain initramfs')
    .action((topic, { json }) => {
      const folder = join(context.workspace().utils, 'topics');
      const names = readdirSync(folder).sort();
      const text = (name: string) => readFileSync(join(folder, name), 'utf8');
      const facts = (name: string) => ({ name, summary: summary(text(name)), text: text(name) });
      if (topic === undefined && json === true) return void process.stdout.write(documentText('topics', names.map(facts)));
      if (topic === undefined) {
        for (const name of names) process.stdout.write(`${name.padEnd(10)} ${summary(text(name))}\n`);
        return;
      }
      const wanted = topic.toLowerCase();
      if (!names.includes(wanted)) throw unknown(topic, names);
      process.stdout.write(json === true ? documentText('topics', [facts(wanted)]) : text(wanted));
    });
}

/** The first sentence, which may take two lines. */
function summary(text: string): string {
  return text.slice(0, text.indexOf('\n\n')).replaceAll('\n', ' ');
}

function unknown(topic: string, names: readonly string[]): EulabError {
  return new EulabError(`nothing is explained by the name ${topic}`, {
    hint: didYouMean(topic.toLowerCase(), names),
    exitCode: status.usage,
  });
}
