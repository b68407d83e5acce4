import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Argument, Command } from 'commander';
import type { Context } from './context.ts';

const shells = ['bash', 'zsh', 'fish'] as const;

/** `eulab completion SHELL`. */
export function completion(context: Context) {
  return new Command('completion')
    .description(
      'Print what has a shell complete the words of eulab: verbs, options, their values, and the names of kernels, disks, network ' +
        'cards, of machines that run and of those in eulab.toml.',
    )
    .addArgument(new Argument('<shell>', 'whose').choices(shells))
    .addHelpText('after', examples)
    .action((shell) => {
      process.stdout.write(readFileSync(join(context.workspace().utils, 'completion', `eulab.${shell}`)));
    });
}

const examples = `
Examples:
  eulab completion bash >~/.local/share/bash-completion/completions/eulab
  eulab completion zsh >~/.zfunc/_eulab                        a folder of $fpath
  eulab completion fish >~/.config/fish/completions/eulab.fish`;
