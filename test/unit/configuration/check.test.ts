import { Command } from 'commander';
import { expect, test } from 'vitest';
import { described } from '../../../src/commands/boot-options.ts';
import { settings } from '../../../src/config.ts';
import { findings } from '../../../src/configuration/check.ts';
import { documentOf } from '../../../src/configuration/document.ts';
import { sectionOf } from '../../../src/configuration/section.ts';

const file = { path: '/p/eulab.toml', level: 'project' } as const;

/** What a text says of boot. */
const boot = (text: string) => findings(documentOf(file, `[boot]\n${text}\n`), sectionOf(described()), '/home/you');

test.each<[string, string, unknown]>([
  ['a text', 'memory = "1G"', 2 ** 30],
  ['a number', 'memory = 64', 64 * 2 ** 20],
  ['a choice', 'accel = "tcg"', 'tcg'],
  ['a switch', 'warm = true', true],
  ['a switch that is off', 'warm = false', undefined],
  ['a switch of which the flag says no', 'rng = false', false],
  ['one text of a list', 'append = "quiet"', ['quiet']],
  ['a list', 'append = ["a", "b"]', ['a', 'b']],
  ['a list that is empty', 'append = []', undefined],
  ['a list of what is parsed', 'ip = ["10.0.0.2/24", "dhcp"]', ['10.0.0.2/24', 'dhcp']],
  ['a table of pairs', 'limit = { kernel = "30s", silence = "none" }', { kernel: 30_000, silence: Number.POSITIVE_INFINITY }],
  ['pairs in texts', 'limit = ["kernel=30s", "init=5s"]', { kernel: 30_000, init: 5000 }],
  ['a pair in a table of its own', '[boot.env]\nA = "1"\nB = 2', ['A=1', 'B=2']],
  ['either true or a text: true', 'gdb = true', 'unix'],
  ['either true or a text: a number', 'gdb = 1234', 1234],
  ['a path of the project', 'initrd = "out/i.gz"', '/p/out/i.gz'],
])('%s is what the command line would have made of it', (_what, text, expected) => {
  const { said, mistakes } = boot(text);
  expect(mistakes).toEqual([]);
  expect(said.map(({ value }) => value)).toEqual([expected]);
});

test('every setting of every kind is taken by the same parser as on the command line', () => {
  const { said } = boot('cpus = "sockets=2,cores=2"\nnet = ["lab:a,ip=10.1.0.1/24"]');
  const line = described().parseOptions(['--cpus', 'sockets=2,cores=2', '--net', 'lab:a,ip=10.1.0.1/24']);
  expect(line.unknown).toEqual([]);
  expect(said.map(({ value }) => value)).toMatchObject([{ count: 4 }, [{ ip: ['10.1.0.1/24'] }]]);
});

test('all mistakes of a table come at once, each with its place', () => {
  const { mistakes } = boot('memroy = "1G"\ncpus = 0\nappend = ["a", 1]\nwarm = "yes"\njson = "x"');
  expect(mistakes.map(({ place, message }) => `${place.replace(/.*\//, '')} ${message}`)).toEqual([
    'eulab.toml:2:1 there is no memroy in [boot]',
    'eulab.toml:3:8 cpus = 0 is less than 1',
    'eulab.toml:4:16 append = 1 is a number in a list of texts',
    'eulab.toml:5:8 warm = "yes" is a text: it may be true or false',
    'eulab.toml:6:1 json is for the command line only',
  ]);
});

const made = new Command('build')
  .addCommand(new Command('kernel').addOption(settings.source()).addOption(settings.jobs()))
  .addCommand(new Command('ramdisk').addOption(settings.busyboxSource()).addOption(settings.jobs()));

test('a table of several verbs has what they have in common, or only one has', () => {
  const { said, mistakes } = findings(documentOf(file, '[build]\njobs = 2\nsource = "6.6"\n'), sectionOf(made), '/');
  expect(said.map(({ setting }) => setting.key)).toEqual(['jobs']);
  expect(mistakes).toMatchObject([{ hint: 'say it in [build.kernel] or [build.ramdisk]' }]);
});

test('each verb has its own below it', () => {
  const text = '[build.kernel]\nsource = "6.6"\n[build.ramdisk]\nsource = "1.36.1"\n';
  const { said, mistakes } = findings(documentOf(file, text), sectionOf(made), '/');
  expect(mistakes).toEqual([]);
  expect(said.map(({ path, value }) => [path.join('.'), value])).toEqual([
    ['build.kernel.source', '6.6'],
    ['build.ramdisk.source', '1.36.1'],
  ]);
});
