import { Command } from 'commander';
import { expect, test } from 'vitest';
import { described } from '../../../src/commands/boot-options.ts';
import { wanted } from '../../../src/completion/wanted.ts';
import { settings } from '../../../src/config.ts';

const program = new Command('eulab')
  .option('-C, --directory <dir>', 'work there')
  .addCommand(described())
  .addCommand(new Command('kernels').addOption(settings.json()).addCommand(new Command('use').argument('<name>')))
  .addCommand(new Command('stop').argument('<name...>'))
  .addCommand(new Command('secret'), { hidden: true });

const at = (...words: string[]) => wanted(program, words.slice(0, -1), words.at(-1) ?? '');
const listed = (...words: string[]) => at(...words).candidates.map(({ word }) => word);

test('verbs, and verbs of verbs; hidden ones are not', () => {
  expect(listed('')).toEqual(['boot', 'kernels', 'stop', 'help']);
  expect(listed('help', '')).toContain('kernels');
  expect(listed('kernels', '')).toContain('use');
  expect(listed('-C', 'boot', '')).toContain('boot');
});

test('flags of the verb, those that were said only where they may be said again', () => {
  expect(listed('boot', '--')).toEqual(expect.arrayContaining(['--memory', '--append', '--help']));
  const left = listed('boot', '-m', '1G', '--append', 'a', '--accel=tcg', '--');
  expect(left).toContain('--append');
  expect(left).not.toContain('--memory');
  expect(left).not.toContain('--accel');
  expect(listed('-')).toEqual(['--directory', '--help']);
});

test.each<[string[], object]>([
  [['boot', '--accel', ''], { candidates: [{ word: 'auto' }, { word: 'kvm' }, { word: 'tcg' }], files: 'none' }],
  [['boot', '--accel=k'], { before: '--accel=', candidates: [{ word: 'auto' }, { word: 'kvm' }, { word: 'tcg' }] }],
  [['boot', '--kernel', ''], { named: 'kernels', files: 'files' }],
  [['boot', '--disk', 'd'], { named: 'disks', files: 'files' }],
  [['boot', '--share', ''], { files: 'folders' }],
  [['boot', '--initrd=x'], { files: 'files', before: '--initrd=' }],
  [['boot', '--timeout', ''], { candidates: [], files: 'none', named: undefined }],
  [['boot', ''], { named: 'machines' }],
  [['boot', 'web', ''], { named: undefined, candidates: [] }],
  [['boot', '--', ''], { named: undefined, candidates: [], files: 'none' }],
  [['boot', '--', '--mem'], { candidates: [] }],
  [['-C', '/p', 'boot', ''], { named: 'machines', own: { directory: '/p' } }],
  [['--directory=/p', 'kernels', 'use', ''], { named: 'kernels', own: { directory: '/p' } }],
  [['stop', 'a', ''], { named: 'running' }],
])('%j', (words, expected) => {
  expect(at(...words)).toMatchObject(expected);
});
