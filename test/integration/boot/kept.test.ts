import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { keep, payloadFolder } from '../../../src/boot/image/kept.ts';
import { folder } from '../../eulab.ts';

test('the oldest go when there are many, but none that a boot at this moment may be about to use', () => {
  using here = folder();
  const put = (name: string, secondsAgo: number) => {
    const place = payloadFolder(here.path, name);
    mkdirSync(place, { recursive: true });
    writeFileSync(join(place, 'file'), '');
    const date = new Date(Date.now() - secondsAgo * 1000);
    utimesSync(place, date, date);
    return place;
  };
  const fresh = Array.from({ length: 20 }, (_, index) => put(`fresh${index}`, index));
  const old = Array.from({ length: 20 }, (_, index) => put(`old${index}`, 1000 + index));
  expect(keep(payloadFolder(here.path, 'new'), { file: new Uint8Array(1) })).toBe(true);
  expect(fresh.filter((place) => !existsSync(place))).toEqual([]);
  expect(old.map((place) => existsSync(place))).toEqual(old.map((_, index) => index < 15));
  expect(readdirSync(join(here.path, 'payloads'))).toContain('new');
});
