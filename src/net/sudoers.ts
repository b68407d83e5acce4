/**
 * The rule of sudoers(5) by which a user may make a network, and take it down, without a password: these very calls and no other.
 * Pure. `calls` are whole argvs.
 */
export function sudoers(user: string, calls: readonly (readonly string[])[]): string {
  const commands = calls.map((call) => call.map(escaped).join(' '));
  return `# For visudo -f /etc/sudoers.d/eulab. Whoever can write to one of these programs is root by this.
${escaped(user)} ALL=(root) NOPASSWD: ${commands.join(', \\\n    ')}
`;
}

/** @see sudoers(5), "Other special characters and reserved words"; and its wildcards, which are to mean themselves */
function escaped(word: string): string {
  return word.replaceAll(/[\\,:=#*?[\]!" ]/g, '\\$&');
}
