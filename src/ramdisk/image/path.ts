/** An archive's path without what may stand before and behind it: "./init", "/init", "bin/". */
export function clean(path: string): string {
  return path.replace(/^(\.?\/+)+/, '').replace(/\/+$/, '');
}

/** A text from an archive as it may be shown on a terminal: what is no printable character stands as an escape. */
export function shown(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029\\]/gu, (character) => {
    if (character === '\\') return '\\\\';
    const named = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }[character];
    return named ?? `\\u{${character.codePointAt(0)?.toString(16)}}`;
  });
}
