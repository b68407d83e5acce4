import type { Option } from 'commander';
import { expect, test } from 'vitest';
import { settings } from '../../../src/config.ts';
import { rebased } from '../../../src/configuration/relative.ts';
import { settingOf } from '../../../src/configuration/setting.ts';

const base = { folder: '/p:q', home: '/home/you' };

test.each<[keyof typeof settings, string, string]>([
  ['initrd', 'i.gz', '/p:q/i.gz'],
  ['initrd', './i.gz', '/p:q/i.gz'],
  ['initrd', '../i.gz', '/p:q/../i.gz'],
  ['initrd', '/i.gz', '/i.gz'],
  ['initrd', '~/i.gz', '/home/you/i.gz'],
  ['kernel', 'debug-6.6', 'debug-6.6'],
  ['kernel', './bzImage', '/p:q/bzImage'],
  ['modules', 'none', 'none'],
  ['modules', 'lib', '/p:q/lib'],
  ['program', 'strace', 'strace'],
  ['program', 'bin/probe', '/p:q/bin/probe'],
  ['module', 'nbd nbds_max=4', 'nbd nbds_max=4'],
  ['module', './nbd.ko path=/dev', '/p:q/nbd.ko path=/dev'],
  ['disk', 'data:snapshot', 'data:snapshot'],
  ['package', 'strace', 'strace'],
  ['package', './a.deb', '/p:q/a.deb'],
  ['disk', './d.img:ro', '/p:q/d.img:ro'],
  ['add', 'x:/bin/', '/p\\:q/x:/bin/'],
  ['share', '.:/src:ro', '/p\\:q/.:/src:ro'],
  ['workdir', '/tmp', '/tmp'],
  ['source', '6.6.22', '6.6.22'],
  ['source', 'linux-6.6.tar.xz', '/p:q/linux-6.6.tar.xz'],
  ['source', '..', '/p:q/..'],
  ['source', 'git+file:///r#main', 'git+file:///r#main'],
  ['net', 'user,pcap=a,,b.pcap,model=e1000', 'user,pcap=/p:q/a,,b.pcap,model=e1000'],
  ['append', 'root=/dev/vda', 'root=/dev/vda'],
  ['memory', '1G', '1G'],
])('%s = %j', (name, text, expected) => {
  expect(rebased(settingOf(settings[name]()), text, base)).toBe(expected);
});

test('every setting that takes a path has a rule', () => {
  const words = Object.values(settings).map((make) => / [<[](.*)[>\]]$/.exec((make() as Option).flags)?.[1] ?? '');
  const pathLike = words.filter((word) => /\b(file|folder|path|program)\b/.test(word));
  const rules = ['file', 'folder', 'path', 'program'];
  expect(pathLike.filter((word) => !rules.includes(word))).toEqual([]);
});
