/** The DEC private modes that change what a user sees or types, and whether a terminal has them on at its start. */
const initially: Readonly<Record<string, boolean>> = {
  // Cursor keys, line wrap, cursor, the other screen in its three forms, mouse reports, focus reports, bracketed paste.
  1: false,
  7: true,
  25: true,
  47: false,
  1047: false,
  1049: false,
  1000: false,
  1002: false,
  1003: false,
  1004: false,
  1006: false,
  2004: false,
};

/**
 * Watches what a guest writes to the user's terminal, so that it can be undone when the guest is gone: an editor that was
 * killed with its machine leaves the other screen, a hidden cursor, mouse reports; firmware leaves line wrap off.
 *
 * Pure but for what it remembers. An escape sequence may come in pieces.
 *
 * @see console_codes(4); xterm's "Control Sequences", "Private Modes"
 */
export class TerminalModes {
  readonly #changed = new Map<string, boolean>();
  #coloured = false;
  #titled = false;
  #rest = '';

  watch(bytes: Uint8Array): void {
    const text = this.#rest + Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
    for (const [, modes, onOff] of text.matchAll(privateMode)) {
      for (const mode of (modes ?? '').split(';')) {
        const on = onOff === 'h';
        if (initially[mode] === on) this.#changed.delete(mode);
        else if (initially[mode] !== undefined) this.#changed.set(mode, on);
      }
    }
    for (const [, colours] of text.matchAll(colour)) this.#coloured = !['', '0'].includes(colours ?? '');
    if (title.test(text)) this.#titled = true;
    const begun = text.lastIndexOf('\x1b');
    this.#rest = begun >= 0 && text.length - begun < 32 ? text.slice(begun) : '';
  }

  /** What to write to a terminal so that it is as it was; empty when nothing was changed. A title that was set is emptied. */
  undo(): string {
    const modes = [...this.#changed].map(([mode, on]) => `\x1b[?${mode}${on ? 'l' : 'h'}`);
    return [...modes, this.#coloured ? '\x1b[0m' : '', this.#titled ? '\x1b]2;\x07' : ''].join('');
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what is looked for
const privateMode = /\x1b\[\?([0-9;]+)([hl])/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above
const colour = /\x1b\[([0-9;]*)m/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above
const title = /\x1b\][02];/;
