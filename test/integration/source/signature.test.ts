import { execFileSync } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect } from 'vitest';
import { kernelSource } from '../../../src/source/kernel.ts';
import { requires } from '../../requires.ts';
import { cached, folder, listener, publish, site } from './site.ts';

const test = requires('gpg', 'gpgconf');
const spec = { kind: 'version', version: '6.6.22' } as const;
const list = '/kernel/v6.x/sha256sums.asc';
const home = process.env['GNUPGHOME'];

afterEach(() => {
  if (home === undefined) delete process.env['GNUPGHOME'];
  else process.env['GNUPGHOME'] = home;
});

interface Keyring extends AsyncDisposable {
  readonly fingerprint: string;
  sign(text: string): string;
  use(): void;
}

/** A keyring with one throw-away key. */
async function keyring(place: string, name: string): Promise<Keyring> {
  await mkdir(place, { mode: 0o700 });
  const gpg = (args: readonly string[], input = '') =>
    execFileSync('gpg', ['--homedir', place, '--batch', '--pinentry-mode', 'loopback', '--passphrase', '', ...args], {
      input,
      encoding: 'utf8',
      stdio: ['pipe', 'pipe', 'ignore'],
    });
  gpg(['--quick-generate-key', name, 'ed25519', 'sign']);
  return {
    fingerprint: /^fpr:+([0-9A-F]{40}):/m.exec(gpg(['--with-colons', '--list-keys']))?.[1] ?? '',
    sign: (text) => gpg(['--clearsign'], text),
    use: () => {
      process.env['GNUPGHOME'] = place;
    },
    async [Symbol.asyncDispose]() {
      execFileSync('gpgconf', ['--homedir', place, '--kill', 'all']);
    },
  };
}

test('a good signature of the known key is said to be one', async () => {
  await using work = await folder();
  await using web = await site();
  await using keys = await keyring(join(work.path, 'keys'), 'signer@example.org');
  await publish(web, work.path, '6.6.22');
  web.pages.set(list, { body: keys.sign(String(web.pages.get(list)?.body)) });
  keys.use();
  const heard = listener();
  const options = { cache: join(work.path, 'cache'), sites: { ...web.sites, signer: keys.fingerprint }, report: heard.report };
  expect((await kernelSource(spec, options)).verified).toBe('signature');
  expect(heard.notes()).toEqual(['linux-6.6.22.tar.xz: checksum and signature are good']);
});

test('a list that was changed, or that lost its signature, is refused when the key is there', async () => {
  await using work = await folder();
  await using web = await site();
  await using keys = await keyring(join(work.path, 'keys'), 'signer@example.org');
  await publish(web, work.path, '6.6.22');
  const plain = String(web.pages.get(list)?.body);
  const changed = keys.sign(plain).replace('linux-6.6.22', 'linux-6.6.23');
  keys.use();
  const cache = join(work.path, 'cache');
  for (const body of [changed, plain]) {
    web.pages.set(list, { body });
    await expect(kernelSource(spec, { cache, sites: { ...web.sites, signer: keys.fingerprint } })).rejects.toThrow(
      `${web.url}${list} has no good signature of key ${keys.fingerprint}`,
    );
  }
  expect(await cached(cache, '')).toEqual([]);
});

test("another's good signature does not do for the signer's", async () => {
  await using work = await folder();
  await using web = await site();
  await using keys = await keyring(join(work.path, 'keys'), 'signer@example.org');
  await using other = await keyring(join(work.path, 'other'), 'other@example.org');
  await publish(web, work.path, '6.6.22');
  web.pages.set(list, { body: other.sign(String(web.pages.get(list)?.body)) });
  const exported = execFileSync('gpg', ['--homedir', join(work.path, 'other'), '--batch', '--export'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  execFileSync('gpg', ['--homedir', join(work.path, 'keys'), '--batch', '--import'], {
    input: exported,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  keys.use();
  const sites = { ...web.sites, signer: keys.fingerprint };
  await expect(kernelSource(spec, { cache: join(work.path, 'cache'), sites })).rejects.toThrow(/no good signature/);
});

test('without the key the checksum alone is checked, and that is said with how to get the key', async () => {
  await using work = await folder();
  await using web = await site();
  await using keys = await keyring(join(work.path, 'keys'), 'signer@example.org');
  await using other = await keyring(join(work.path, 'other'), 'other@example.org');
  await publish(web, work.path, '6.6.22');
  web.pages.set(list, { body: keys.sign(String(web.pages.get(list)?.body)) });
  other.use();
  const heard = listener();
  const options = { cache: join(work.path, 'cache'), sites: { ...web.sites, signer: keys.fingerprint }, report: heard.report };
  expect((await kernelSource(spec, options)).verified).toBe('sha256');
  expect(heard.notes().join()).toMatch(/not checked \(.*gpg --locate-keys autosigner@kernel\.org\)/);
});
