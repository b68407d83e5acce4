/**
 * The sha256 that a list in the form of sha256sum(1) gives for a file, in lower case; undefined when the file is not listed.
 *
 * Pure. Lines are "DIGEST  NAME" or "DIGEST *NAME"; anything else is passed over.
 */
export function sha256For(list: string, name: string): string | undefined {
  for (const line of list.split(/\r?\n/)) {
    const [, digest, listed] = /^([0-9a-fA-F]{64})\s+\*?(\S+)$/.exec(line.trimEnd()) ?? [];
    if (digest !== undefined && listed === name) return digest.toLowerCase();
  }
  return undefined;
}

/**
 * What a clearsigned text signs; the text as it is when it is not clearsigned. Pure: no signature is checked.
 *
 * Lines outside of the signed part are left out, so that nobody can add a checksum above or below it.
 *
 * @see RFC 4880 section 7
 */
export function signedPart(text: string): string {
  const lines = text.split(/\r?\n/);
  const begin = lines.indexOf('-----BEGIN PGP SIGNED MESSAGE-----');
  if (begin === -1) return text;
  const body = lines.indexOf('', begin) + 1;
  const end = lines.indexOf('-----BEGIN PGP SIGNATURE-----', body);
  return lines
    .slice(body, end === -1 ? body : end)
    .map((line) => line.replace(/^- /, ''))
    .join('\n');
}
