import { expect, test } from 'vitest';
import { moduleInfo, moduleName } from '../../../src/ramdisk/modinfo.ts';
import { elf } from '../../kernel-files.ts';

const module = (...words: string[]) => elf({ '.text': Buffer.from('code'), '.modinfo': Buffer.from(`${words.join('\0')}\0`) });

test('what a module says of itself', () => {
  const bytes = module(
    'license=GPL',
    'depends=net_failover,failover',
    'softdep=pre: crc32c crc16 post: after',
    'alias=virtio:d00000001v*',
    'vermagic=6.1.0-56-amd64 SMP preempt mod_unload modversions ',
  );
  expect(moduleInfo(bytes, 'x.ko')).toEqual({
    magic: '6.1.0-56-amd64 SMP preempt mod_unload modversions',
    depends: ['net_failover', 'failover'],
    before: ['crc32c', 'crc16'],
    after: ['after'],
    aliases: ['virtio:d00000001v*'],
  });
});

test('one that needs nothing', () => {
  expect(moduleInfo(module('depends=', 'vermagic=1'), 'x.ko')).toMatchObject({ depends: [], before: [], after: [] });
});

test.each([
  ['a text', Buffer.from('#!/bin/sh'), 'is no kernel module'],
  ['nothing', Buffer.alloc(0), 'is no kernel module'],
  ['another ELF file', elf({ '.text': Buffer.from('code') }), 'has no .modinfo'],
  ['a cut one', module('depends=a').subarray(0, 80), 'is cut'],
])('%s is refused', (_, bytes, why) => {
  expect(() => moduleInfo(bytes, 'x.ko')).toThrow(why);
});

test.each([
  ['kernel/drivers/char/hw_random/virtio-rng.ko', 'virtio_rng'],
  ['a.ko.xz', 'a'],
  ['a.ko.zst', 'a'],
  ['a.ko.gz', 'a'],
  ['virtio-net', 'virtio_net'],
])('the name of %s', (path, name) => {
  expect(moduleName(path)).toBe(name);
});
