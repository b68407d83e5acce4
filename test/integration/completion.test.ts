import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { bundle, eulab, folder } from '../eulab.ts';
import { requires } from '../requires.ts';
import { onTerminal } from '../terminal.ts';

/** A project with a machine, a kernel and a disk, and an eulab on PATH that completes, and else writes down its words. */
function project() {
  const here = folder();
  mkdirSync(join(here.path, 'artifacts/kernels/debug-6.6.22'), { recursive: true });
  writeFileSync(join(here.path, 'artifacts/kernels/debug-6.6.22/kernel.manifest.json'), '{}');
  mkdirSync(join(here.path, 'artifacts/storage'));
  writeFileSync(join(here.path, 'artifacts/storage/data.img'), '');
  writeFileSync(join(here.path, 'initramfs-of-mine.cpio'), '');
  writeFileSync(join(here.path, 'eulab.toml'), '[machine.router]\ncpus = 2\n');
  mkdirSync(join(here.path, 'bin'));
  const node = `'${process.execPath}' '${bundle}'`;
  const script = `#!/bin/sh\ncase $1 in complete|completion) exec ${node} "$@" ;; esac\n{ printf '<%s>' "$@"; echo; } >>"$WORDS"\n`;
  writeFileSync(join(here.path, 'bin/eulab'), script, { mode: 0o755 });
  return here;
}

const prompt = /ready> /;

/** How each shell is started without anybody's settings, and how it takes what eulab prints. */
const shells = {
  bash: ['bash --norc --noprofile -i', 'PS1="rea""dy> "; bind "set bell-style none"; eval "$(eulab completion bash)"'],
  zsh: ['zsh -f -i', 'PROMPT="rea""dy> "; autoload -U compinit; compinit -u -D; eval "$(eulab completion zsh)"'],
  fish: ['fish --no-config -i', 'function fish_prompt; echo -n "rea""dy> "; end; eulab completion fish | source'],
} as const;

/** What is typed, with its tabs, and the words that the shell makes of it. */
const lines: readonly (readonly [string, string])[] = [
  ['eulab bo\t--mem\t1G rou\t-- true', '<boot><--memory><1G><router><--><true>'],
  ['eulab boot --kernel deb\t--disk da\t', '<boot><--kernel><debug-6.6.22><--disk><data>'],
  ['eulab boot --initrd init\t--net la\tx', '<boot><--initrd><initramfs-of-mine.cpio><--net><lab:x>'],
  [
    'eulab boot --accel=kv\t--limit ker\t5s --initrd=init\t',
    '<boot><--accel=kvm><--limit><kernel=5s><--initrd=initramfs-of-mine.cpio>',
  ],
  ['eulab kern\tus\tdeb\t', '<kernels><use><debug-6.6.22>'],
];

for (const [shell, [call, setUp]] of Object.entries(shells)) {
  requires('script', shell)(`${shell} completes verbs, options, machines, kernels, disks and files on a terminal`, async () => {
    using here = project();
    const words = join(here.path, 'words');
    const env = `cd '${here.path}'; export WORDS='${words}' HOME='${here.path}' PATH='${here.path}/bin':"$PATH"; unset EULAB_CONFIG`;
    const typed = lines.map(([line]) => [prompt, `${line}\r`] as const);
    const shown = await onTerminal(`${env}; exec ${call}`, [[/[$%#>] ?/, `${setUp}\r`], ...typed, [prompt, 'exit\r']]);
    expect(readFileSync(words, 'utf8').trimEnd().split('\n'), shown).toEqual(lines.map(([, expected]) => expected));
  });
}

test('what cannot be completed is silent', async () => {
  using here = project();
  writeFileSync(join(here.path, 'eulab.toml'), '[machine\n');
  for (const words of [
    ['boot', ''],
    ['nothing', 'here'],
    ['exec', ''],
  ]) {
    const call = { cwd: here.path, env: { EULAB_CONFIG: undefined, XDG_RUNTIME_DIR: here.path } };
    const { status, stdout, stderr } = await eulab(['complete', '--', ...words], call);
    expect([status, stdout.toString(), stderr]).toEqual([0, 'none\n', '']);
  }
});
