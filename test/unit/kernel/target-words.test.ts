import { expect, test } from 'vitest';
import { targets, unknownTarget } from '../../../src/kernel/target-words.ts';

test.each<[string[], object]>([
  [['M=hello'], { words: [], module: 'hello' }],
  [['M=a', 'modules', 'M=b', 'W=1'], { words: ['modules', 'W=1'], module: 'b' }],
  [['-k', 'kernel/fork.o'], { words: ['-k', 'kernel/fork.o'], module: undefined }],
  [['menuconfig'], { words: ['menuconfig'], menu: 'menuconfig', config: true }],
  [['tinyconfig', 'kvm_guest.config'], { menu: undefined, config: true }],
  [['savedefconfig', 'listnewconfig'], { config: false }],
  [['compile_commands.json'], { words: [], database: true }],
  [['modules', 'compile_commands.json'], { words: ['modules'], database: true }],
])('%j', (words, expected) => {
  expect(targets(words)).toMatchObject(expected);
});

test.each([
  [['O=/tmp', 'M=hello'], 'O=/tmp: the folders are chosen by eulab'],
  [['ARCH=arm'], 'ARCH=arm: all objects of a folder'],
  [['modules_install'], 'modules_install: eulab installs nothing'],
  [['bindeb-pkg'], 'bindeb-pkg: packages would lie'],
  [['-j8'], '-j8: the number of jobs'],
  [['-C', '/'], '-C: is none of the options of make'],
  [['M=hello', 'menuconfig'], 'M=hello: has no config of its own'],
  [['xconfig'], 'xconfig: it draws windows'],
  [['debug'], 'debug: is a profile, and no target of make'],
  [['M='], 'M=: names no folder'],
  [['a\nb'], '"a\\nb": is no target'],
  [[''], '"": is no target'],
])('%j is refused', (words, message) => {
  expect(() => targets(words)).toThrow(message);
});

test('what make does not know is a target of the command line, and not a file that a rule needs', () => {
  expect(unknownTarget(['make[1]: ***', "make[1]: *** No rule to make target 'fnord'.  Stop."])).toBe('fnord');
  expect(unknownTarget(["make[2]: *** No rule to make target 'a.o', needed by 'built-in.a'.  Stop."])).toBeUndefined();
});
