import { chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { bundle, folder, program } from '../../eulab.ts';
import { requires } from '../../requires.ts';

/** Builds a ramdisk around Debian's busybox and returns the image's digest as its manifest has it. */
async function build(how: { shell?: string; env?: Record<string, string>; name?: string } = {}): Promise<string> {
  using here = folder();
  chmodSync(here.path, 0o777);
  const work = join(here.path, how.name ?? 'work');
  const call = `mkdir "${work}" && exec ${process.execPath} ${bundle} -C "${work}" build ramdisk --engine host --busybox /bin/busybox`;
  const env = { EULAB_CACHE: join(here.path, 'cache'), HOME: here.path, ...how.env };
  const { status, stderr } = await program('sh', ['-c', `${how.shell ?? ''} sh -c '${call}'`], { env });
  expect(status, stderr).toBe(0);
  const { files } = JSON.parse(readFileSync(join(work, 'artifacts/ramdisk.manifest.json'), 'utf8'));
  return files[0].sha256;
}

requires('/bin/busybox')('the image is the same in another folder, time zone, language and with another umask', async () => {
  const first = await build();
  expect(await build({ name: 'an other folder', env: { TZ: 'Asia/Tokyo', LC_ALL: 'tr_TR.UTF-8' }, shell: 'umask 077;' })).toBe(
    first,
  );
  expect(await build({ shell: 'umask 000;' })).toBe(first);
});

requires(
  '/bin/busybox',
  'root',
  'setpriv',
)('the image is the same for another user', async () => {
  const nobody = 'exec setpriv --reuid 65534 --regid 65534 --clear-groups';
  expect(await build({ shell: nobody })).toBe(await build());
});

requires('/bin/busybox')('SOURCE_DATE_EPOCH dates the files, and nothing else does', async () => {
  const dated = await build({ env: { SOURCE_DATE_EPOCH: '1700000000' } });
  expect(dated).not.toBe(await build());
  expect(dated).toBe(await build({ env: { SOURCE_DATE_EPOCH: '1700000000' } }));
});
