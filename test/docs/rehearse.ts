import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { bundle, cache, program } from '../eulab.ts';
import type { Block } from './blocks.ts';
import { shows, type Turn, turns } from './transcript.ts';

/** Where a document is rehearsed: an empty folder of a user who has eulab on PATH, and no settings. */
export interface Stage extends Disposable {
  /** The folder that its commands begin in. */
  readonly path: string;
  readonly env: NodeJS.ProcessEnv;
}

/** A stage below `parent`. What is outside of the cache begins as on a new machine. */
export function stage(parent: string): Stage {
  mkdirSync(parent, { recursive: true });
  const top = mkdtempSync(join(parent, 'document-'));
  const at = (name: string) => {
    mkdirSync(join(top, name), { mode: 0o700 });
    return join(top, name);
  };
  const bin = at('bin');
  writeFileSync(join(bin, 'eulab'), `#!/bin/sh\nexec '${process.execPath}' '${bundle}' "$@"\n`, { mode: 0o755 });
  const name = { GIT_AUTHOR_NAME: 'Reader', GIT_AUTHOR_EMAIL: 'reader@example.org' };
  const env = {
    ...name,
    GIT_COMMITTER_NAME: name.GIT_AUTHOR_NAME,
    GIT_COMMITTER_EMAIL: name.GIT_AUTHOR_EMAIL,
    PATH: `${bin}:${process.env['PATH']}`,
    HOME: at('home'),
    XDG_RUNTIME_DIR: at('run'),
    LC_ALL: 'C.UTF-8',
    TERM: 'dumb',
  };
  return { path: at('work'), env, [Symbol.dispose]: () => rmSync(top, { recursive: true, force: true }) };
}

/** What a rehearsal may take. */
export interface Scope {
  /** How long a block may take, as timeout(1) has it. */
  readonly limit: string;
  /** Also what takes the compiler minutes. */
  readonly whole: boolean;
}

const usual: Scope = { limit: '4m', whole: false };

/**
 * Does what the blocks of a document are marked for, in order, until one fails. Returns what went wrong, with its place; undefined
 * for nothing. What a command prints is what a terminal would show of it.
 */
export async function rehearse(
  blocks: readonly Block[],
  { path, env }: Stage,
  { limit, whole }: Scope = usual,
): Promise<string | undefined> {
  for (const block of blocks) {
    if (block.mark?.kind === 'file') {
      const file = join(path, block.mark.path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, block.text);
    }
    if (block.mark?.kind !== 'run' && !(whole && block.mark?.kind === 'whole')) continue;
    const fault = await performed(block, block.mark.status, { cwd: path, env, limit });
    if (fault !== undefined) return `${block.place}: ${fault}`;
  }
  return undefined;
}

async function performed(
  { language, text }: Block,
  status: number,
  { cwd, env, limit }: { readonly cwd: string; readonly env: NodeJS.ProcessEnv; readonly limit: string },
): Promise<string | undefined> {
  const all: readonly Turn[] = language === 'console' ? turns(text) : [{ command: `set -e\n${text}`, output: undefined }];
  const mark = randomUUID();
  // One shell, so that variables and `cd` hold; each command is told apart by a line that no command prints.
  const script = all.map(({ command }) => `${command}\nprintf '\\n%s %s\\n' ${mark} "$?"`).join('\n');
  // Not inherited, so that nothing of whoever runs the tests is there.
  const cleared = Object.fromEntries(Object.keys(process.env).map((name) => [name, undefined]));
  const settings = { EULAB_CONFIG: undefined, NO_COLOR: '1', EULAB_CACHE: cache };
  // timeout(1) gives it a process group of its own; what is left of that in the background ends with the shell.
  const line = `exec 2>&1\ntrap 'printf "\\n%s %s\\n" ${mark} "$?"; trap "" TERM; kill 0' EXIT\n${script}`;
  const { stdout, stderr } = await program('timeout', ['--kill-after=10', limit, 'sh', '-c', line], {
    cwd,
    env: { ...cleared, ...settings, ...env },
  });
  const parts = stdout.toString().split(new RegExp(`\n${mark} (\\d+)\n`));
  for (const [index, { command, output }] of all.entries()) {
    const said = parts[2 * index] ?? '';
    const last = index === all.length - 1;
    const code = Number(parts[2 * index + 1]);
    const wanted = last ? status : 0;
    if (Number.isNaN(code)) return `$ ${command}\ndid not end within ${limit}, and said:\n${said}${stderr}`;
    if (code !== wanted) return `$ ${command}\nended with ${code}, not with ${wanted}, and said:\n${said}${stderr}`;
    if (output !== undefined && !shows(output, said)) return `$ ${command}\nsaid:\n${said}\nand not:\n${output}`;
  }
  return undefined;
}
