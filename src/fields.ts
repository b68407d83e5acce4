/** The parts of a text between its colons; a backslash takes what follows it as it is, so that a name can have a colon. Pure. */
export function fields(text: string): string[] {
  const list = [''];
  for (const [token] of text.matchAll(/\\[\s\S]|[\s\S]/g)) {
    if (token === ':') list.push('');
    else list[list.length - 1] += token.length > 1 ? token.slice(1) : token;
  }
  return list;
}
