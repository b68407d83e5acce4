import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { EulabError, status } from '../errors.ts';
import { probe } from '../exec.ts';
import { signedPart } from './checksums.ts';
import type { Fetching } from './source.ts';

/** What a list of checksums says, and whether its signature was checked; if not, `why` says why not. */
export type Signed =
  | { readonly checked: true; readonly text: string }
  | { readonly checked: false; readonly text: string; readonly why: string };

/**
 * The signed part of a clearsigned text, its signature checked when the user's keyring has the signer's key.
 *
 * Nothing is added to the keyring, and no keyring is made.
 *
 * @param url names the text in errors.
 * @throws EulabError when the key is there and the signature is bad, is another's, or is missing.
 * @see gpg(1), GnuPG's doc/DETAILS for the status lines
 */
export async function signedText(
  clearsigned: string,
  url: string,
  fetching: Pick<Fetching, 'sites' | 'signal'>,
): Promise<Signed> {
  const { signer } = fetching.sites;
  const unchecked = (why: string): Signed => ({ checked: false, text: signedPart(clearsigned), why });
  // gpg makes the folder when there is none.
  if (!existsSync(process.env['GNUPGHOME'] || join(homedir(), '.gnupg'))) return unchecked('there is no keyring');
  const keys = await gpg(['--list-keys', signer], fetching);
  if (keys === undefined) return unchecked('gpg is not installed');
  if (keys.code !== 0) return unchecked('the key of kernel.org is not in your keyring: gpg --locate-keys autosigner@kernel.org');
  const result = await gpg(['--status-fd', '2', '--decrypt'], fetching, clearsigned);
  const primary = /^\[GNUPG:\] VALIDSIG .* ([0-9A-F]{40,64})$/m.exec(result?.stderr ?? '')?.[1];
  if (result?.code === 0 && primary === signer.toUpperCase()) return { checked: true, text: result.stdout };
  throw new EulabError(`${url} has no good signature of key ${signer}`, {
    details: (result?.stderr ?? '').split('\n').filter((line) => line.startsWith('gpg: ')),
    hint: 'the list was changed on its way or by its server: try another mirror',
  });
}

async function gpg(args: readonly string[], { signal }: Pick<Fetching, 'signal'>, input = '') {
  const command = { file: 'gpg', args: ['--batch', '--no-auto-key-retrieve', ...args], env: { LC_ALL: 'C' } };
  try {
    return await probe(command, { signal, input });
  } catch (error) {
    if (error instanceof EulabError && error.exitCode === status.notReady) return undefined;
    throw error;
  }
}
